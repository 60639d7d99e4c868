"""CycleGAN in PyTorch, with the names of pytorch-CycleGAN-and-pix2pix, and one training step.

Parameters of generator_of() and discriminator_of() have the names of that implementation's state_dicts, so its weights
load here with strict=True. Benchmarks import this file too.
"""

import functools

import torch
from torch import nn

from torch_gan import twice

GENERATORS, DISCRIMINATORS = ("g_ab", "g_ba"), ("d_a", "d_b")


class Norm:
    """A layer of the norm, and whether the convolution before it keeps its bias (batch norm has one of its own)."""

    def __init__(self, name):
        layers = {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d}
        self.layer, self.bias = layers[name], name == "instance"


class ResnetBlock(nn.Module):
    def __init__(self, width, norm, dropout):
        super().__init__()
        first = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=norm.bias), norm.layer(width), nn.ReLU(True)]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=norm.bias), norm.layer(width)]
        self.conv_block = nn.Sequential(*first, *([nn.Dropout(0.5)] if dropout else []), *second)

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(self, n_blocks, ngf=64, norm="instance", dropout=False, channels=3, upsample="transpose"):
        super().__init__()
        norm = Norm(norm)

        def block(linear, width):
            return [linear, norm.layer(width), nn.ReLU(True)]

        layers = [nn.ReflectionPad2d(3)] + block(nn.Conv2d(channels, ngf, 7, bias=norm.bias), ngf)
        width = ngf
        for _ in range(2):
            layers += block(nn.Conv2d(width, 2 * width, 3, 2, 1, bias=norm.bias), 2 * width)
            width *= 2
        layers += [ResnetBlock(width, norm, dropout) for _ in range(n_blocks)]
        for _ in range(2):
            width //= 2
            up = nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1, bias=norm.bias)
            layers += block(twice(up, upsample, reflected=True), width)
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(ngf, channels, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class UnetLevel(nn.Module):
    """Down, what is inside, up, and the input beside the result: every level but the outermost."""

    def __init__(self, outer, inner, norm, upsample, inside=None, dropout=False):
        super().__init__()
        down = [nn.LeakyReLU(0.2, True), nn.Conv2d(outer, inner, 4, 2, 1, bias=norm.bias)]
        if inside is not None:
            down += [norm.layer(inner), inside]
        up = nn.ConvTranspose2d(inner if inside is None else 2 * inner, outer, 4, 2, 1, bias=norm.bias)
        self.model = nn.Sequential(*down, nn.ReLU(True), twice(up, upsample), norm.layer(outer),
                                   *([nn.Dropout(0.5)] if dropout else []))

    def forward(self, x):
        # The first layer writes its leaky ReLU over x. A ReLU comes next on the way up, so the result is the same.
        return torch.cat([x, self.model(x)], 1)


class UnetOutermost(nn.Module):
    def __init__(self, channels, inner, norm, upsample, inside):
        super().__init__()
        self.model = nn.Sequential(nn.Conv2d(channels, inner, 4, 2, 1, bias=norm.bias), inside, nn.ReLU(True),
                                   twice(nn.ConvTranspose2d(2 * inner, channels, 4, 2, 1), upsample), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class UnetGenerator(nn.Module):
    def __init__(self, downs, ngf=64, norm="batch", dropout=False, channels=3, upsample="transpose"):
        super().__init__()
        norm = Norm(norm)
        level = UnetLevel(8 * ngf, 8 * ngf, norm, upsample)
        for _ in range(downs - 5):
            level = UnetLevel(8 * ngf, 8 * ngf, norm, upsample, level, dropout)
        for width in (4 * ngf, 2 * ngf, ngf):
            level = UnetLevel(width, 2 * width, norm, upsample, level)
        self.model = UnetOutermost(channels, ngf, norm, upsample, level)

    def forward(self, x):
        return self.model(x)


class NLayerDiscriminator(nn.Module):
    """The 70x70 PatchGAN with n_layers = 3: one logit for each patch."""

    def __init__(self, ndf=64, norm="instance", n_layers=3, channels=3):
        super().__init__()
        norm = Norm(norm)
        layers, width = [nn.Conv2d(channels, ndf, 4, 2, 1), nn.LeakyReLU(0.2, True)], ndf
        for n in range(1, n_layers + 1):
            before, width = width, ndf * min(2**n, 8)
            stride = 2 if n < n_layers else 1
            layers += [nn.Conv2d(before, width, 4, stride, 1, bias=norm.bias), norm.layer(width), nn.LeakyReLU(0.2, True)]
        self.model = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, x):
        return self.model(x)


MAKERS = {
    "resnet_6blocks": functools.partial(ResnetGenerator, 6), "resnet_9blocks": functools.partial(ResnetGenerator, 9),
    "unet_128": functools.partial(UnetGenerator, 7), "unet_256": functools.partial(UnetGenerator, 8),
}


def generator_of(net_g, ngf=64, norm="instance", n_blocks=None, dropout=False, upsample="transpose"):
    """net_g as --net-g takes it; n_blocks overrides a resnet's."""
    if n_blocks is not None and net_g.startswith("resnet"):
        return ResnetGenerator(n_blocks, ngf, norm, dropout, upsample=upsample)
    return MAKERS[net_g](ngf=ngf, norm=norm, dropout=dropout, upsample=upsample)


def networks(net_g="resnet_9blocks", ngf=64, ndf=64, norm="instance", n_blocks=None, dropout=False):
    """The four networks by their names in sumi's checkpoints."""
    nets = {name: generator_of(net_g, ngf, norm, n_blocks, dropout) for name in GENERATORS}
    nets.update({name: NLayerDiscriminator(ndf, norm) for name in DISCRIMINATORS})
    return nets


def idle_biases(net):
    """Names of the biases that an instance norm takes away again: their true gradient is zero."""
    names = set()
    for name, module in net.named_modules():
        if isinstance(module, nn.Sequential):
            for place, (layer, after) in enumerate(zip(module, list(module)[1:])):
                inner = ""
                if isinstance(layer, nn.Sequential):  # a resize and its convolution
                    inner, layer = ".%d" % (len(layer) - 1), layer[-1]
                if isinstance(after, nn.InstanceNorm2d) and layer.bias is not None:
                    names.add("%s.%d%s.bias" % (name, place, inner))
    return names


def stale_buffers(net):
    """What old versions of PyTorch saved for an instance norm and new ones refuse: statistics that nothing reads."""
    buffers = {}
    for name, module in net.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            buffers[name + ".running_mean"] = torch.full((module.num_features,), 3.0)
            buffers[name + ".running_var"] = torch.full((module.num_features,), 7.0)
            buffers[name + ".num_batches_tracked"] = torch.tensor(1234)
    return buffers


class CycleGAN:
    """Networks, their two optimizers, and the step without a pool of older images."""

    def __init__(self, nets, lr=2e-4, beta1=0.5, lambda_a=10.0, lambda_b=10.0, lambda_identity=0.5, adam=torch.optim.Adam):
        self.nets, self.lambda_a, self.lambda_b, self.lambda_identity = nets, lambda_a, lambda_b, lambda_identity
        self.opt_g, self.opt_d = (
            adam([p for name in names for p in nets[name].parameters()], lr=lr, betas=(beta1, 0.999))
            for names in (GENERATORS, DISCRIMINATORS))

    def optimizer(self, name):
        return self.opt_g if name in GENERATORS else self.opt_d

    def step(self, real_a, real_b):
        """Images NCHW in [-1, 1] -> (losses as tensors, by their names in stats.jsonl; fake_a; fake_b)."""
        g_ab, g_ba, d_a, d_b = (self.nets[name] for name in GENERATORS + DISCRIMINATORS)
        fake_b, fake_a = g_ab(real_a), g_ba(real_b)
        losses = {"loss_cycle_a": self.lambda_a * (g_ba(fake_b) - real_a).abs().mean(),
                  "loss_cycle_b": self.lambda_b * (g_ab(fake_a) - real_b).abs().mean()}
        if self.lambda_identity > 0:
            keep = self.lambda_identity
            losses["loss_identity_a"] = keep * self.lambda_a * (g_ba(real_a) - real_a).abs().mean()
            losses["loss_identity_b"] = keep * self.lambda_b * (g_ab(real_b) - real_b).abs().mean()
        self.train_discriminators(False)
        losses["loss_g_ab"] = lsgan(d_b(fake_b), 1.0)
        losses["loss_g_ba"] = lsgan(d_a(fake_a), 1.0)
        self.opt_g.zero_grad(set_to_none=True)
        sum(losses.values()).backward()
        self.opt_g.step()

        fake_a, fake_b = fake_a.detach(), fake_b.detach()
        self.train_discriminators(True)
        self.opt_d.zero_grad(set_to_none=True)
        for name, judge, real, fake in (("loss_d_a", d_a, real_a, fake_a), ("loss_d_b", d_b, real_b, fake_b)):
            losses[name] = 0.5 * (lsgan(judge(real), 1.0) + lsgan(judge(fake), 0.0))
            losses[name].backward()
        self.opt_d.step()
        return {name: loss.detach() for name, loss in losses.items()}, fake_a, fake_b

    def train_discriminators(self, on):
        for name in DISCRIMINATORS:
            self.nets[name].requires_grad_(on)

    def gradients(self):
        """Of the last step, by the parameters' names in sumi's checkpoints."""
        return {"%s.%s" % (name, rest): p.grad for name, net in self.nets.items() for rest, p in net.named_parameters()}


def lsgan(logits, label):
    return ((logits - label) ** 2).mean()
