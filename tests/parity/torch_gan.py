"""The GANs in PyTorch, as the well-known examples write them, and one training step."""

import numpy as np
import torch
from torch import nn


def dcgan(size, channels, nz, ngf, ndf):
    steps = size.bit_length() - 3
    g, d = [], []
    width = ngf << (steps - 1)
    g += [nn.ConvTranspose2d(nz, width, 4, 1, 0, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    for _ in range(1, steps):
        g += [nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width // 2), nn.ReLU()]
        width //= 2
    g += [nn.ConvTranspose2d(width, channels, 4, 2, 1, bias=False), nn.Tanh()]
    width = ndf
    d += [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
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
    layer = module.get_submodule(name.rsplit(".", 1)[0])
    a = torch.from_numpy(np.array(ours))  # a copy: an optimiser will write into it
    if name.endswith(".weight") and isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        return a.permute(0, 3, 1, 2).contiguous()
    if name.endswith(".weight") and isinstance(layer, nn.Linear):
        return a[:, 0, 0, :].contiguous()  # grey pictures: flattening hwc or chw is the same
    return a.reshape(-1)


def load(module, prefix, tensors):
    state = module.state_dict()
    for name in state:
        if not name.endswith("num_batches_tracked"):
            state[name] = to_torch(name, tensors[prefix + "." + name], module)
    module.load_state_dict(state, strict=True)


def load_adam(optimiser, module, prefix, tensors, steps):
    for name, p in module.named_parameters():
        optimiser.state[p] = {
            "step": torch.tensor(float(steps)),
            "exp_avg": to_torch(name, tensors["optim.%s.m.%s" % (prefix, name)], module).to(p.dtype),
            "exp_avg_sq": to_torch(name, tensors["optim.%s.v.%s" % (prefix, name)], module).to(p.dtype)}


def step(g, d, opt_g, opt_d, real, noise, gan_mode="vanilla"):
    """The example's step. Returns loss_d, loss_g, gradients (d's are those of its own step) and the fake."""
    bce, mse = nn.BCEWithLogitsLoss(), nn.MSELoss()
    base = mse if gan_mode == "lsgan" else bce

    def loss(logits, label):
        return base(logits, torch.full_like(logits, label))

    opt_d.zero_grad(set_to_none=True)
    loss_real = loss(d(real), 1.0)
    loss_real.backward()
    fake = g(noise)
    loss_fake = loss(d(fake.detach()), 0.0)
    loss_fake.backward()
    gradients = {"d." + n: p.grad.clone() for n, p in d.named_parameters()}
    opt_d.step()
    opt_g.zero_grad(set_to_none=True)
    loss_g = loss(d(fake), 1.0) if gan_mode != "saturating" else -loss(d(fake), 0.0)
    loss_g.backward()
    gradients.update({"g." + n: p.grad.clone() for n, p in g.named_parameters()})
    opt_g.step()
    return loss_real.item() + loss_fake.item(), loss_g.item(), gradients, fake.detach()


def batch(tensors, conv, dtype):
    """A dumped batch as PyTorch wants it: pictures NCHW, noise [n, nz, 1, 1] or [n, nz]."""
    real = torch.from_numpy(tensors["real"]).to(dtype).permute(0, 3, 1, 2).contiguous()
    noise = torch.from_numpy(tensors["noise"]).to(dtype)
    return real, noise.permute(0, 3, 1, 2).contiguous() if conv else noise[:, 0, 0, :].contiguous()
