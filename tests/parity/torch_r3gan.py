"""R3GAN's networks in PyTorch (Huang 2024), with sumi's names and widths."""

import math

import torch
from torch import nn
from torch.nn import functional as F


def leaky(x):
    return F.leaky_relu(x, 0.2)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        wide = 2 * width
        self.conv1, self.conv3 = nn.Conv2d(width, wide, 1), nn.Conv2d(wide, width, 1, bias=False)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, groups=wide // math.gcd(wide, 16))

    def forward(self, x):
        return x + self.conv3(leaky(self.conv2(leaky(self.conv1(x)))))


def halved(x):
    """The mean under [1,3,3,1] / 8 along both axes; the border is repeated."""
    row = torch.tensor([1, 3, 3, 1], dtype=x.dtype) / 8
    kernel = (row[:, None] * row).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, stride=2, groups=x.shape[1])


def widths(size, width):
    """From 4x4 to the image, for sides that are powers of two."""
    return [width << min(i, 3) for i in range(int(math.log2(size)) - 2, -1, -1)]


class Network(nn.Module):
    def __init__(self, size, width, blocks):
        super().__init__()
        self.widths = widths(size, width)
        self.stages = nn.ModuleList(nn.ModuleList(Block(w) for _ in range(blocks)) for w in self.widths)
        self.resize = nn.ModuleDict()

    def add_resize(self, i, c_in, c_out):
        if c_in != c_out:
            self.resize[str(i)] = nn.Conv2d(c_in, c_out, 1, bias=False)

    def resized(self, i, x):
        return self.resize[str(i)](x) if str(i) in self.resize else x

    def stage(self, i, x):
        for block in self.stages[i]:
            x = block(x)
        return x


class Generator(Network):
    def __init__(self, size, channels, nz, ngf, blocks):
        super().__init__(size, ngf, blocks)
        first = self.widths[0]
        self.input = nn.Linear(nz, first, bias=False)
        self.basis = nn.ConvTranspose2d(first, first, 4, groups=first, bias=False)
        for i in range(1, len(self.widths)):
            self.add_resize(i, self.widths[i - 1], self.widths[i])
        self.output = nn.Conv2d(ngf, channels, 1, bias=False)

    def forward(self, z):
        x = self.stage(0, self.basis(self.input(z)[:, :, None, None]))
        for i in range(1, len(self.widths)):
            x = F.interpolate(self.resized(i, x), scale_factor=2, mode="bilinear", align_corners=False)
            x = self.stage(i, x)
        return self.output(x)


class Discriminator(Network):
    def __init__(self, size, channels, ndf, blocks):
        super().__init__(size, ndf, blocks)
        first = self.widths[0]
        self.input = nn.Conv2d(channels, ndf, 1, bias=False)
        for i in range(len(self.widths) - 1, 0, -1):
            self.add_resize(i, self.widths[i], self.widths[i - 1])
        self.basis = nn.Conv2d(first, first, 4, groups=first, bias=False)
        self.output = nn.Linear(first, 1, bias=False)

    def features(self, x):
        x = self.input(x)
        for i in range(len(self.widths) - 1, 0, -1):
            x = self.resized(i, halved(self.stage(i, x)))
        return self.basis(self.stage(0, x)).flatten(1)

    def judge(self, features):
        return self.output(features)


def r3gan(spec):
    size, blocks = spec.get("size", 16), spec.get("n_blocks", 1)
    return (Generator(size, 3, spec["nz"], spec["ngf"], blocks),
            Discriminator(size, 3 + spec["classes"], spec["ndf"], blocks))
