"""The networks of AnimeGANv2 and CartoonGAN in PyTorch, and one training step of both.

The generators have the parameter names of the published implementations, so their weights load.
"""
import torch
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


def twice(x):
    return nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class AnimeGenerator(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        half, double, most = width // 2, 2 * width, 4 * width
        self.block_a = nn.Sequential(conv_norm_act(3, half, 7), conv_norm_act(half, width, 3, 2), conv_norm_act(width, width, 3))
        self.block_b = nn.Sequential(conv_norm_act(width, double, 3, 2), conv_norm_act(double, double, 3))
        self.block_c = nn.Sequential(conv_norm_act(double, double, 3), InvertedResidual(double, most),
                                     *(InvertedResidual(most, most) for _ in range(3)), conv_norm_act(most, double, 3))
        self.block_d = nn.Sequential(conv_norm_act(double, double, 3), conv_norm_act(double, double, 3))
        self.block_e = nn.Sequential(conv_norm_act(double, width, 3), conv_norm_act(width, width, 3),
                                     conv_norm_act(width, half, 7))
        self.out_layer = nn.Sequential(nn.Conv2d(half, 3, 1, bias=False), nn.Tanh())

    def forward(self, x):
        x = self.block_c(self.block_b(self.block_a(x)))
        return self.out_layer(self.block_e(twice(self.block_d(twice(x)))))


class Bottleneck(nn.Sequential):
    def __init__(self, width):
        super().__init__(conv_norm_act(width, width // 4, 1), conv_norm_act(width // 4, width // 4, 3),
                         nn.Conv2d(width // 4, width, 1, bias=False))

    def forward(self, x):
        return x + super().forward(x)


class AnimeLiteGenerator(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        half, double = width // 2, 2 * width

        def level(first, outer, inner, behind, kernel=3):
            return nn.ModuleDict({"down": nn.Sequential(conv_norm_act(outer, first, 3, 2), conv_norm_act(first, inner, 3)),
                                  "up": conv_norm_act(outer, outer, 3), "behind": conv_norm_act(outer, behind, kernel)})

        self.stem = conv_norm_act(3, half, 7)
        self.level_1 = level(half, half, width, half, 7)
        self.level_2 = level(width, width, double, half)
        self.level_3 = level(width, double, double, width)
        self.blocks = nn.Sequential(*(Bottleneck(double) for _ in range(4)))
        self.out_layer = nn.Sequential(nn.Conv2d(half, 3, 1, bias=False), nn.Tanh())

    def forward(self, x):
        levels = (self.level_1, self.level_2, self.level_3)
        kept, y = [], self.stem(x)
        for level in levels:
            kept.append(y)
            y = level["down"](y)
        y = self.blocks(y)
        for level, before in zip(reversed(levels), reversed(kept)):
            y = level["behind"](level["up"](twice(y)) + before)
        return self.out_layer(y)


class CartoonBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, width, 3, 1, 1)
        self.norm = nn.InstanceNorm2d(width)

    def forward(self, x):
        return x + self.norm(self.conv2(torch.relu(self.norm(self.conv1(x)))))


class CartoonGenerator(nn.Module):
    def __init__(self, width=64, blocks=8):
        super().__init__()
        double, most = 2 * width, 4 * width

        def norm_act(channels):
            return [nn.InstanceNorm2d(channels), nn.ReLU()]

        self.down_convs = nn.Sequential(
            nn.Conv2d(3, width, 7, 1, 3), *norm_act(width), nn.Conv2d(width, double, 3, 2, 1), nn.Conv2d(double, double, 3, 1, 1),
            *norm_act(double), nn.Conv2d(double, most, 3, 2, 1), nn.Conv2d(most, most, 3, 1, 1), *norm_act(most))
        self.resnet_blocks = nn.Sequential(*(CartoonBlock(most) for _ in range(blocks)))
        self.up_convs = nn.Sequential(
            nn.ConvTranspose2d(most, double, 3, 2, 1, 1), nn.Conv2d(double, double, 3, 1, 1), *norm_act(double),
            nn.ConvTranspose2d(double, width, 3, 2, 1, 1), nn.Conv2d(width, width, 3, 1, 1), *norm_act(width),
            nn.Conv2d(width, 3, 7, 1, 3), nn.Tanh())

    def forward(self, x):
        return self.up_convs(self.resnet_blocks(self.down_convs(x)))


class AnimeDiscriminator(nn.Module):
    """kind: animegan2 or cartoongan; `spectral` wraps every convolution in PyTorch's spectral norm."""

    def __init__(self, kind, width=64, spectral=True):
        super().__init__()
        anime = kind == "animegan2"

        def conv(inputs, outputs, stride=1):
            layer = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not anime)
            return nn.utils.spectral_norm(layer) if spectral else layer

        def norm_act(channels):
            return [nn.GroupNorm(1, channels) if anime else nn.InstanceNorm2d(channels), nn.LeakyReLU(0.2)]

        half, double, most = width // 2, 2 * width, 4 * width
        self.convs = nn.Sequential(
            conv(3, half), nn.LeakyReLU(0.2), conv(half, width, 2), nn.LeakyReLU(0.2), conv(width, double), *norm_act(double),
            conv(double, double, 2), nn.LeakyReLU(0.2), conv(double, most), *norm_act(most), conv(most, most), *norm_act(most),
            conv(most, 1))

    def forward(self, x):
        return self.convs(x)


GENERATORS = {"animegan2": AnimeGenerator, "animegan2_lite": AnimeLiteGenerator, "cartoongan": CartoonGenerator}


def vgg_conv4_4(weights, pictures):
    """conv4_4 before its ReLU, of images in [-1, 1]; `weights` by torchvision's names."""
    x = (pictures.flip(1) + 1) * 127.5 - torch.tensor([103.939, 116.779, 123.68], dtype=pictures.dtype).view(1, 3, 1, 1)
    index = 0
    for count in (2, 2, 4, 4):
        for _ in range(count):
            x = nn.functional.conv2d(x, weights["features.%d.weight" % index], weights["features.%d.bias" % index], padding=1)
            index += 2
            if index == 27:
                return x
            x = torch.relu(x)
        x = nn.functional.max_pool2d(x, 2)
        index += 1


def gray(x):
    return (x * torch.tensor([0.299, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)).sum(1, keepdim=True).repeat(1, 3, 1, 1)


def gram(x):
    n, c, h, w = x.shape
    flat = x.reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (c * h * w)


def yuv(x):
    r, g, b = ((x + 1) / 2).unbind(1)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    u = -0.14714119 * r - 0.28886916 * g + 0.43601035 * b
    v = 0.61497538 * r - 0.51496512 * g - 0.10001026 * b
    return y, u, v


def color_loss(x, target):
    (y, u, v), (y2, u2, v2) = yuv(x), yuv(target)
    huber = nn.functional.smooth_l1_loss
    return (y - y2).abs().mean() + huber(u, u2) + huber(v, v2)


def total_variation(x):
    return (x[:, :, 1:] - x[:, :, :-1]).pow(2).mean() / 2 + (x[:, :, :, 1:] - x[:, :, :, :-1]).pow(2).mean() / 2


# Weights of the losses: adversarial, content, style, color, tv; real, fake, gray, smooth of the discriminator's.
PRESETS = {"hayao": (300, 1.5, 2.5, 15, 1, 1.2, 1.2, 1.2, 0.8), "cartoongan": (1, 10, 0, 0, 0, 1, 1, 0, 1)}


class AnimeGAN:
    def __init__(self, g, d, vgg, preset, lsgan, lr_g, lr_d, init_lr):
        self.g, self.d, self.vgg, self.weights, self.lsgan = g, d, vgg, PRESETS[preset], lsgan
        self.gray_smooth = preset != "cartoongan"
        self.opt_g = torch.optim.Adam(g.parameters(), lr=lr_g, betas=(0.5, 0.999))
        self.opt_d = torch.optim.Adam(d.parameters(), lr=lr_d, betas=(0.5, 0.999))
        self.lr_g, self.init_lr = lr_g, init_lr

    def gan(self, logits, label):
        target = torch.full_like(logits, label)
        return ((logits - target)**2).mean() if self.lsgan else nn.functional.binary_cross_entropy_with_logits(logits, target)

    def step(self, photos, drawings, smooth, warming_up):
        """Images NCHW -> (losses by their names in stats.jsonl, the drawn images)."""
        adversarial, content, style, color, tv, real, fake_weight, gray_weight, smooth_weight = self.weights
        fake, losses = self.g(photos), {}
        if not warming_up:
            kinds = [(drawings, 1.0, real), (fake.detach(), 0.0, fake_weight)]
            if gray_weight:
                kinds.append((gray(drawings), 0.0, gray_weight))
            kinds.append((gray(smooth) if self.gray_smooth else smooth, 0.0, smooth_weight))
            # In one pass, so that the spectral norm's power iteration makes one step.
            logits = self.d(torch.cat([k[0] for k in kinds])).chunk(len(kinds))
            losses["loss_d"] = adversarial * sum(w * self.gan(l, label) for l, (_, label, w) in zip(logits, kinds))
            self.opt_d.zero_grad()
            losses["loss_d"].backward()
            self.opt_d.step()
        drawn = vgg_conv4_4(self.vgg, fake)
        parts = {"loss_content": content * (drawn - vgg_conv4_4(self.vgg, photos)).abs().mean()}
        if not warming_up:
            parts["loss_g"] = adversarial * self.gan(self.d(fake), 1.0)
            if style:
                parts["loss_style"] = style * (gram(drawn) - gram(vgg_conv4_4(self.vgg, gray(drawings)))).abs().mean()
            if color:
                parts["loss_color"] = color * color_loss(fake, photos)
            if tv:
                parts["loss_tv"] = tv * total_variation(fake)
        for group in self.opt_g.param_groups:
            group["lr"] = self.init_lr if warming_up else self.lr_g
        self.opt_g.zero_grad()
        sum(parts.values()).backward()
        self.opt_g.step()
        losses.update(parts)
        return {name: loss.item() for name, loss in losses.items()}, fake.detach()
