"""The GANs in PyTorch, as in pytorch/examples, and one training step."""

import torch
from torch import nn


def twice(transposed, upsample, reflected=False):
    """The transposed convolution, or what stands in its place: a resize, and a convolution with an odd filter not larger."""
    if upsample == "transpose":
        return transposed
    k = (transposed.kernel_size[0] - 1) // 2 * 2 + 1
    border = [nn.ReflectionPad2d(k // 2)] if reflected else []
    conv = nn.Conv2d(transposed.in_channels, transposed.out_channels, k, padding=0 if reflected else k // 2,
                     bias=transposed.bias is not None)
    corners = dict(align_corners=False) if upsample == "bilinear" else {}
    return nn.Sequential(nn.Upsample(scale_factor=2, mode=upsample, **corners), *border, conv)


def dcgan(size, channels, nz, ngf, ndf, judged=None, upsample="transpose"):
    """`judged`: channels of what d sees, where it gets more than the image."""
    steps = size.bit_length() - 3
    g, d = [], []
    width = ngf << (steps - 1)
    g += [nn.ConvTranspose2d(nz, width, 4, 1, 0, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    for _ in range(1, steps):
        g += [twice(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), upsample), nn.BatchNorm2d(width // 2), nn.ReLU()]
        width //= 2
    g += [twice(nn.ConvTranspose2d(width, channels, 4, 2, 1, bias=False), upsample), nn.Tanh()]
    width = ndf
    d += [nn.Conv2d(judged or channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for _ in range(1, steps):
        d += [nn.Conv2d(width, width * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width * 2), nn.LeakyReLU(0.2)]
        width *= 2
    d += [nn.Conv2d(width, 1, 4, 1, 0, bias=False)]
    return Main(g), Main(d)


def dense_gan(size, channels, nz):
    pixels = size * size * channels
    g = [nn.Linear(nz, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 1024), nn.ReLU(),
         nn.Linear(1024, pixels), nn.Tanh()]
    d = [nn.Linear(pixels, 256), nn.ReLU(), nn.Linear(256, 1)]
    return Main(g, picture=(channels, size, size)), Main(d, flatten=True)


def pictured(layer, flat_in=None, flat_out=None):
    """Says which images (c, h, w) a layer's features stand for: sumi flattens them as h w c."""
    layer.flat_in, layer.flat_out = flat_in, flat_out
    return layer


def text_norm(kind, channels, keep, flat=None):
    return pictured(kind(channels, eps=1e-3, momentum=1 - keep), flat_out=flat)


def reshape_gan(size, channels, nz, ngf, ndf, form, keep=0.8):
    picture, small, wide = (channels, size, size), (ngf, 7, 7), (2 * ngf, 7, 7)
    pixels = size * size * channels
    g = [pictured(nn.Linear(nz, 49 * ngf), flat_out=small), nn.Unflatten(1, small)]
    g += [text_norm(nn.BatchNorm2d, ngf, keep), nn.LeakyReLU(0.2)]
    if form == "flat":
        g += [nn.Flatten(), pictured(nn.Linear(49 * ngf, 98 * ngf), small, wide), nn.Unflatten(1, wide)]
    else:
        g += [nn.Conv2d(ngf, 2 * ngf, 1)]
    g += [text_norm(nn.BatchNorm2d, 2 * ngf, keep), nn.LeakyReLU(0.2), nn.Flatten()]
    g += [pictured(nn.Linear(98 * ngf, pixels), wide, picture), nn.Tanh()]
    d = [pictured(nn.Linear(pixels, ndf), picture), nn.LeakyReLU(0.2), nn.Linear(ndf, 1)]
    return Main(g, picture=picture), Main(d, flatten=True)


def conv5_gan(size, channels, nz, ngf, ndf, keep=0.99, upsample="nearest"):
    picture, small = (channels, size, size), (ngf, 7, 7)
    g = [pictured(nn.Linear(nz, 49 * ngf), flat_out=small), nn.ReLU()]
    g += [text_norm(nn.BatchNorm1d, 49 * ngf, keep, small), nn.LeakyReLU(0.2), nn.Unflatten(1, small)]
    width = ngf
    for i, wider in enumerate((2 * ngf, 4 * ngf, 2 * ngf, ngf)):
        doubles = size == 28 and i in (1, 2)
        if doubles and upsample == "transpose":
            g += [nn.ConvTranspose2d(width, wider, 5, 2, 2, 1)]
        elif doubles:
            g += list(twice(nn.ConvTranspose2d(width, wider, 5, 2, 2, 1), upsample))
        else:
            g += [nn.Conv2d(width, wider, 5, padding=2)]
        g += [text_norm(nn.BatchNorm2d, wider, keep), nn.LeakyReLU(0.2)]
        width = wider
    g += [nn.Conv2d(width, channels, 5, padding=2), nn.Tanh()]
    d = [pictured(nn.Linear(size * size * channels, ndf), picture), nn.ReLU(), text_norm(nn.BatchNorm1d, ndf, keep),
         nn.LeakyReLU(0.2), nn.Linear(ndf, 1)]
    return Main(g), Main(d, flatten=True)


class SameHalving(nn.Conv2d):
    """3x3 stride 2, "same" for even sides: a border at the bottom and on the right only."""

    def __init__(self, c_in, c_out):
        super().__init__(c_in, c_out, 3, 2)

    def forward(self, x):
        return super().forward(nn.functional.pad(x, (0, 1, 0, 1)))


class SameDoubling(nn.ConvTranspose2d):
    """5x5 stride 2, "same": one row is cut at the top, two at the bottom."""

    def __init__(self, c_in, c_out):
        super().__init__(c_in, c_out, 5, 2)

    def forward(self, x):
        return super().forward(x)[:, :, 1:-2, 1:-2]


def autoencoder_discriminator(size, channels, ndf, keep=0.99):
    features = (ndf, size // 2, size // 2)
    return Main([SameHalving(channels, ndf), text_norm(nn.BatchNorm2d, ndf, keep), nn.LeakyReLU(0.2), nn.Flatten(),
                 pictured(nn.Linear(features[0] * features[1] * features[2], 1), features)])


def autoencoder_gan(size, channels, nz, ngf, ndf, keep=0.99, upsample="transpose"):
    small = (ngf, size // 2, size // 2)
    count = small[0] * small[1] * small[2]
    g = [pictured(nn.Linear(nz, count), flat_out=small), text_norm(nn.BatchNorm1d, count, keep, small), nn.ReLU(),
         nn.Unflatten(1, small), twice(SameDoubling(ngf, ngf), upsample), nn.Conv2d(ngf, channels, 5, padding=2), nn.Tanh()]
    return Main(g), autoencoder_discriminator(size, channels, ndf, keep)


class AutoencoderConverter(nn.Module):
    def __init__(self, channels, nz, ngf, keep=0.99):
        super().__init__()

        def norm():
            return text_norm(nn.BatchNorm2d, ngf, keep)

        self.encoder = nn.Sequential(SameHalving(channels, ngf), norm(), nn.LeakyReLU(0.2), SameHalving(ngf, ngf), norm(),
                                     nn.LeakyReLU(0.2), nn.Conv2d(ngf, nz, 1))
        self.decoder = nn.Sequential(nn.Conv2d(nz, ngf, 1), norm(), nn.ReLU(), SameDoubling(ngf, ngf), norm(), nn.ReLU(),
                                     SameDoubling(ngf, ngf), nn.Conv2d(ngf, channels, 5, padding=2), nn.Tanh())

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Main(nn.Module):
    """A chain under the name `main`, as the example's networks have it."""

    def __init__(self, layers, picture=None, flatten=False):
        super().__init__()
        self.main = nn.Sequential(*layers)
        self.picture, self.flatten = picture, flatten

    def forward(self, x):
        if self.flatten:
            x = x.flatten(1)
        y = self.main(x)
        return y.view(-1, *self.picture) if self.picture else y


def to_torch(name, ours, module):
    """One of sumi's tensors (KRSC or 1x1x1xc) in PyTorch's layout."""
    layer, kind = module.get_submodule(name.rsplit(".", 1)[0]), name.rsplit(".", 1)[1]
    a = torch.tensor(ours)  # a copy: an optimizer will write into it
    conv = isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))
    flat_in, flat_out = getattr(layer, "flat_in", None), getattr(layer, "flat_out", None)
    if kind == "weight_v":  # of a spectral norm: one number for each column of the weight
        row = layer.weight_orig[0]
        return flattened(a.reshape(-1), 0, tuple(row.shape) if conv else flat_in)
    if kind in ("weight", "weight_orig") and conv:
        return a.permute(0, 3, 1, 2).contiguous()
    if kind in ("weight", "weight_orig") and isinstance(layer, nn.Linear):
        return flattened(flattened(a[:, 0, 0, :], 1, flat_in), 0, flat_out).contiguous()
    return flattened(a.reshape(-1), 0, flat_out)


def flattened(a, axis, picture):
    """The axis' features in the order of an image's c h w instead of h w c."""
    if picture is None:
        return a
    c, h, w = picture
    order = torch.arange(h * w * c).reshape(h, w, c).permute(2, 0, 1).reshape(-1)
    return a.index_select(axis, order)


def load(module, prefix, tensors):
    state = module.state_dict()
    for name in state:
        if not name.endswith("num_batches_tracked"):
            state[name] = to_torch(name, tensors[prefix + "." + name], module)
    module.load_state_dict(state, strict=True)


def load_adam(optimizer, module, prefix, tensors, steps):
    for name, p in module.named_parameters():
        optimizer.state[p] = {
            "step": torch.tensor(float(steps)),
            "exp_avg": to_torch(name, tensors["optim.%s.m.%s" % (prefix, name)], module).to(p.dtype),
            "exp_avg_sq": to_torch(name, tensors["optim.%s.v.%s" % (prefix, name)], module).to(p.dtype)}


def step(g, d, opt_g, opt_d, real, noise, real_label=1.0, noise_g=None):
    """The example's step; with noise_g g learns from images of its own. Returns loss_d, loss_g, gradients (d's are those of its own step) and the fake."""
    def loss(logits, label):
        return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

    opt_d.zero_grad(set_to_none=True)
    loss_real = loss(d(real), real_label)
    loss_real.backward()
    fake = g(noise)
    loss_fake = loss(d(fake.detach()), 0.0)
    loss_fake.backward()
    gradients = {"d." + n: p.grad.clone() for n, p in d.named_parameters()}
    opt_d.step()
    opt_g.zero_grad(set_to_none=True)
    learning = fake if noise_g is None else g(noise_g)
    loss_g = loss(d(learning), 1.0)
    loss_g.backward()
    gradients.update({"g." + n: p.grad.clone() for n, p in g.named_parameters()})
    opt_g.step()
    return loss_real.item() + loss_fake.item(), loss_g.item(), gradients, fake.detach()


def nchw(pictures, dtype):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().to(dtype)


def batch(tensors, conv, dtype):
    """A dumped batch as PyTorch wants it: images NCHW, noise [n, nz, 1, 1] or [n, nz]; g's own noise, or None."""
    real = nchw(tensors["real"], dtype)
    noises = []
    for name in ("noise", "noise_g"):
        noise = torch.from_numpy(tensors[name]).to(dtype) if name in tensors else None
        noises.append(noise if noise is None else noise.permute(0, 3, 1, 2) if conv else noise[:, 0, 0, :])
    return real, *noises
