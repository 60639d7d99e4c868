"""The remaining GANs from noise in PyTorch: WGAN-GP's residual networks, InfoGAN, the variants by option, and one training step."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import torch_gan
from torch_gan import pictured


class Stream:
    """sumi's random numbers: Philox 4x32-10 (Salmon 2011). The key is the seed, the counter (position / 4, stream)."""

    def __init__(self, stream, seed=0):
        self.seed, self.stream, self.position = seed, stream, 0

    def words(self, count):
        half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
        first = self.position // 4
        a = np.arange(first, (self.position + count + 3) // 4, dtype=np.uint64)
        b, c, d = np.zeros_like(a), np.full_like(a, self.stream), np.zeros_like(a)
        key0, key1 = self.seed, 0
        for _ in range(10):
            p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
            a, b = (q >> half) ^ b ^ np.uint64(key0), q & low
            c, d = (p >> half) ^ d ^ np.uint64(key1), p & low
            key0, key1 = (key0 + 0x9E3779B9) % 2**32, (key1 + 0xBB67AE85) % 2**32
        begin, self.position = self.position - 4 * first, self.position + count
        return np.stack([a, b, c, d], 1).reshape(-1)[begin:begin + count]

    def uniform(self, *shape, lo=0.0, hi=1.0):
        """24 bits, rounded once to f32."""
        unit = torch.from_numpy((self.words(int(np.prod(shape))) >> np.uint64(8)).astype(np.float64) * 2.0**-24)
        return (unit.reshape(shape) * (hi - lo) + lo).float().double()


    def normal(self, *shape):
        """Box and Muller's, rounded where kernels/base/philox.h rounds to f32: for f64's tolerance the bits must be the same."""
        top = (self.words(int(np.prod(shape))) >> np.uint64(8)).astype(np.int64).reshape(-1, 2)
        one, half = np.float32(1), np.float32(0.5)
        u = ((top[:, 0] + 1) * 2.0**-24).astype(np.float32)
        m, e = np.frexp(u)  # m in [1/2, 1), wanted in [sqrt(1/2), sqrt(2))
        small = m < np.float32(half**half)
        m, e = np.where(small, 2 * m, m), np.where(small, e - 1, e)
        s = (m - one) / (m + one)
        log = fused(e, 0.693147181, s * series([2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3, 2], s * s))
        radius = np.sqrt(np.float32(-2) * log)
        quarter = (top[:, 1] + (1 << 21)) >> 22
        a = (top[:, 1] - (quarter << 22)).astype(np.float32) * (np.float32(6.283185307) * np.float32(2.0**-24))
        z = a * a
        sin = fused(series([1 / 362880, -1 / 5040, 1 / 120, -1 / 6], z) * z, a, a)
        cos = series([-1 / 3628800, 1 / 40320, -1 / 720, 1 / 24, -1 / 2, 1], z)
        sin, cos = np.where(quarter & 1, cos, sin), np.where(quarter & 1, sin, cos)
        sin, cos = np.where(quarter & 2, -sin, sin), np.where((quarter + 1) & 2, -cos, cos)
        return torch.from_numpy(np.stack([radius * cos, radius * sin], 1).astype(np.float64).reshape(shape))


def fused(a, b, c):
    """a b + c of f32 numbers, rounded once."""
    a, b, c = (np.asarray(x, np.float32).astype(np.float64) for x in (a, b, c))
    return (a * b + c).astype(np.float32)


def series(factors, z):
    total = np.float32(factors[0])
    for factor in factors[1:]:
        total = fused(total, z, factor)
    return total


class Block(nn.Module):
    """A residual block, activated before its convolutions: up in a generator, down in a critic."""

    def __init__(self, c_in, c_out, up, norm, upsample="nearest"):
        super().__init__()
        middle = c_out if up else c_in
        self.up, self.norm1, self.norm2 = up, norm(c_in), norm(middle)
        self.conv1, self.conv2 = nn.Conv2d(c_in, middle, 3, padding=1, bias=False), nn.Conv2d(middle, c_out, 3, padding=1)
        self.shortcut, self.upsample = nn.Conv2d(c_in, c_out, 1), upsample
        if up and upsample == "transpose":
            self.conv1 = nn.ConvTranspose2d(c_in, middle, 3, 2, 1, 1, bias=False)

    def forward(self, x):
        y = F.relu(self.norm1(x))
        if self.up:
            transposed = self.upsample == "transpose"
            mode = dict(mode="bilinear", align_corners=False) if self.upsample == "bilinear" else dict(mode="nearest")
            y, x = y if transposed else F.interpolate(y, scale_factor=2, **mode), F.interpolate(x, scale_factor=2, **mode)
        y, x = self.conv2(F.relu(self.norm2(self.conv1(y)))), self.shortcut(x)
        return y + x if self.up else F.avg_pool2d(y, 2) + F.avg_pool2d(x, 2)


class ResnetGenerator(nn.Module):
    """For images of 16."""

    def __init__(self, channels, nz, ngf, upsample):
        super().__init__()
        self.small = (2 * ngf, 4, 4)
        self.input = pictured(nn.Linear(nz, 32 * ngf), flat_out=self.small)
        self.blocks = nn.Sequential(Block(2 * ngf, 2 * ngf, True, nn.BatchNorm2d, upsample), Block(2 * ngf, ngf, True, nn.BatchNorm2d, upsample))
        self.norm, self.output = nn.BatchNorm2d(ngf), nn.Conv2d(ngf, channels, 3, padding=1)

    def forward(self, z):
        y = self.blocks(self.input(z).view(-1, *self.small))
        return torch.tanh(self.output(F.relu(self.norm(y))))


class ResnetCritic(nn.Module):
    def __init__(self, channels, ndf):
        super().__init__()

        def layer_norm(width):  # statistics over h, w and c, gamma and beta per channel
            return nn.GroupNorm(1, width)

        self.input = nn.Conv2d(channels, ndf, 3, padding=1)
        self.blocks = nn.Sequential(Block(ndf, 2 * ndf, False, layer_norm), Block(2 * ndf, 4 * ndf, False, layer_norm))
        self.output = pictured(nn.Linear(64 * ndf, 1), (4 * ndf, 4, 4))

    def features(self, x):
        return self.blocks(self.input(x)).flatten(1)

    def judge(self, features):
        return self.output(features)


class Chain(nn.Module):
    """Layers by their places under `main`; one without parameters may stand at None. `minibatch` is before the last."""

    def __init__(self, layers, minibatch=None):
        super().__init__()
        self.minibatch = minibatch
        self.main = nn.Sequential()
        for place, layer in layers:
            self.main.add_module("between" if place is None else str(place), layer)

    def forward(self, x):
        return self.main(x)

    def features(self, x):
        y = self.main[:-1](x)
        return self.minibatch(y) if self.minibatch else y

    def judge(self, features):
        return self.main[-1](features)


def resnet_gan(spec):
    return ResnetGenerator(3, spec["nz"], spec["ngf"], spec.get("upsample", "nearest")), ResnetCritic(3 + spec["classes"], spec["ndf"])


def dcgan(spec):
    kernels, minibatch = spec.get("minibatch_discrimination", 0), None
    g, d = torch_gan.dcgan(16, 3, spec["nz"] + spec["classes"], spec["ngf"], spec["ndf"], 3 + spec["classes"],
                           spec.get("upsample", "transpose"))
    if kernels:
        width = d.main[-1].in_channels
        minibatch, d.main[-1] = Minibatch(width, kernels), nn.Conv2d(width + kernels, 1, 4, bias=False)
    return Chain([(None, nn.Unflatten(1, (-1, 1, 1))), *enumerate(g.main)]), Chain(enumerate(d.main), minibatch)


def infogan(spec):
    """For images 8x8x1."""
    def leaky():
        return nn.LeakyReLU(0.01)

    def twice(transposed):
        return torch_gan.twice(transposed, spec.get("upsample", "transpose"))

    small, kernels = (128, 2, 2), spec.get("minibatch_discrimination", 0)
    codes, width = spec["categories"] + spec["continuous"], spec["categories"] + 2 * spec["continuous"]
    g = enumerate([nn.Linear(spec["nz"] + codes, 1024), nn.BatchNorm1d(1024), nn.ReLU(),
                   pictured(nn.Linear(1024, 512), flat_out=small), pictured(nn.BatchNorm1d(512), flat_out=small), nn.ReLU(),
                   twice(nn.ConvTranspose2d(128, 64, 4, 2, 1)), nn.BatchNorm2d(64), nn.ReLU(), twice(nn.ConvTranspose2d(64, 1, 4, 2, 1)),
                   nn.Tanh()])
    d = enumerate([nn.Conv2d(1, 64, 4, 2, 1), leaky(), nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), leaky(),
                   pictured(nn.Linear(512, 1024), small), nn.BatchNorm1d(1024), leaky(), nn.Linear(1024 + kernels, 1)])
    q = enumerate([nn.Linear(1024 + kernels, 128), nn.BatchNorm1d(128), leaky(), nn.Linear(128, width)])
    g, d = list(g), list(d)
    g.insert(6, (None, nn.Unflatten(1, small)))
    d.insert(5, (None, nn.Flatten()))
    return Chain(g), Chain(d, Minibatch(1024, kernels) if kernels else None), Chain(q)


class Minibatch(nn.Linear):
    """Minibatch discrimination (Salimans 2016): how near the others of the batch are, in `kernels` ways."""

    def __init__(self, features, kernels, dims=5):
        super().__init__(features, kernels * dims, bias=False)
        self.dims = dims

    def forward(self, x):
        m = super().forward(x if x.dim() == 2 else x.mean((2, 3))).view(len(x), -1, self.dims)
        apart = (m[:, None] - m[None]).abs().sum(3)
        near = torch.exp(-apart).sum(1) - 1  # without the sample itself
        return torch.cat([x, near if x.dim() == 2 else near[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)


class VirtualNorm(nn.Module):
    """Each sample by the statistics of a reference batch, which comes first, and of itself together (Salimans 2016)."""

    def __init__(self, width, count=64):
        super().__init__()
        self.weight, self.bias, self.count = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width)), count

    def forward(self, x):
        reference, rest = x[:self.count], x[self.count:]
        share, own = 1 / (self.count + 1), [rest.mean((2, 3), keepdim=True), (rest**2).mean((2, 3), keepdim=True)]
        theirs = [reference.mean((0, 2, 3), keepdim=True), (reference**2).mean((0, 2, 3), keepdim=True)]
        joint = [share * a + (1 - share) * b for a, b in zip(own, theirs)]
        y = torch.cat([(part - mean) / torch.sqrt(square - mean**2 + 1e-5)
                       for part, (mean, square) in ((reference, theirs), (rest, joint))])
        return y * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)


def augmented(x, parts, draws):
    """DiffAugment (Zhao 2020), each image by numbers of its own."""
    n, _, h, w = x.shape

    def one_each(lo, hi):
        return draws.uniform(n, 1, 1, 1, lo=lo, hi=hi)

    if "color" in parts:
        x = x + one_each(-0.5, 0.5)
        for axes, range_ in ((1, (0, 2)), ((1, 2, 3), (0.5, 1.5))):
            mean = x.mean(axes, keepdim=True)
            x = (x - mean) * one_each(*range_) + mean
    if "translation" in parts:  # by up to an eighth; what comes in is zero
        for axis, size in ((1, h), (2, w)):
            most = (size + 4) // 8
            by = [int(v) - most for v in one_each(0, 2 * most + 1).flatten()]
            line = torch.arange(size)
            x = torch.stack([torch.roll(p, k, axis) * ((line >= k) & (line < size + k)).view([-1, 1] if axis == 1 else [1, -1])
                             for p, k in zip(x, by)])
    if "cutout" in parts:  # a square of half the side, where it lies in a row drawn first
        columns, rows = (((torch.arange(size) + 0.5).view(shape) - one_each(0, size)).abs() < size / 4
                         for size, shape in ((w, (1, 1, 1, -1)), (h, (1, 1, -1, 1))))
        x = x * ~(rows & columns)
    return x


def prepared(nets, spec):
    """The networks as the options change them, by name."""
    nets = dict(zip("gdq", nets))
    if spec.get("sn"):
        for layer in nets["d"].modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.utils.spectral_norm(layer)
    if spec.get("vbn"):
        for module in list(nets["g"].modules()):
            for place, layer in module.named_children():
                if isinstance(layer, nn.BatchNorm2d):
                    setattr(module, place, VirtualNorm(layer.num_features))
    return nets
