"""AnimeGANv2's generator in PyTorch, its parameters named as in the well-known version, so that its weights load."""
from torch import nn


def conv_norm_act(inputs, outputs, kernel, stride=1, groups=1):
    """Reflected border (a stride of 2 takes one row below and one column to the right), convolution, layer norm, act."""
    border = (0, 1, 0, 1) if stride == 2 else kernel // 2
    return nn.Sequential(nn.ReflectionPad2d(border), nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=groups > 1),
                         nn.GroupNorm(1, outputs), nn.LeakyReLU(0.2))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        wide = 2 * inputs
        self.layers = nn.Sequential(conv_norm_act(inputs, wide, 1), conv_norm_act(wide, wide, 3, groups=wide),
                                    nn.Conv2d(wide, outputs, 1, bias=False), nn.GroupNorm(1, outputs))
        self.adds = inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


class AnimeGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.block_a = nn.Sequential(conv_norm_act(3, 32, 7), conv_norm_act(32, 64, 3, 2), conv_norm_act(64, 64, 3))
        self.block_b = nn.Sequential(conv_norm_act(64, 128, 3, 2), conv_norm_act(128, 128, 3))
        self.block_c = nn.Sequential(conv_norm_act(128, 128, 3), InvertedResidual(128, 256),
                                     *(InvertedResidual(256, 256) for _ in range(3)), conv_norm_act(256, 128, 3))
        self.block_d = nn.Sequential(conv_norm_act(128, 128, 3), conv_norm_act(128, 128, 3))
        self.block_e = nn.Sequential(conv_norm_act(128, 64, 3), conv_norm_act(64, 64, 3), conv_norm_act(64, 32, 7))
        self.out_layer = nn.Sequential(nn.Conv2d(32, 3, 1, bias=False), nn.Tanh())

    def forward(self, x):
        def twice(y):
            return nn.functional.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.block_c(self.block_b(self.block_a(x)))
        return self.out_layer(self.block_e(twice(self.block_d(twice(x)))))
