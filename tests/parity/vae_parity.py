"""Compares the variational autoencoder with PyTorch through the program and its files.

f64: five steps from the same weights, batches and noise, losses within 1e-9. f32: the decoder's output, the losses and the
gradients of the first step, against PyTorch in f64. --device NAME (emu, cuda): only that step, on that device.
"""

import math
import sys
import tempfile

try:
    import torch
except ImportError:
    print("SKIPPED: PyTorch is not installed for this Python (Debian: python3-torch)")
    sys.exit(77)
import numpy as np
from torch import nn
from torch.nn import functional as F

import sumi_files as files
import torch_gan
from torch_gan import Main, pictured

torch.set_num_threads(1)
checks = files.Checks()
device = files.device_argument()


def dense_vae(size, channels, nz):
    picture, pixels = (channels, size, size), size * size * channels
    e = [nn.Flatten(), pictured(nn.Linear(pixels, 400), picture), nn.ReLU(), nn.Linear(400, 2 * nz)]
    g = [nn.Linear(nz, 400), nn.ReLU(), pictured(nn.Linear(400, pixels), None, picture)]
    return Main(e[1:], flatten=True), Main(g, picture=picture)


def conv_vae(size, channels, nz, width, upsample):
    """With two halvings."""
    features = (2 * width, size // 4, size // 4)
    count = features[0] * features[1] * features[2]
    e = [nn.Conv2d(channels, width, 4, 2, 1), nn.ReLU(), nn.Conv2d(width, 2 * width, 4, 2, 1), nn.ReLU(), nn.Flatten(),
         pictured(nn.Linear(count, 2 * nz), features)]
    g = [pictured(nn.Linear(nz, count), None, features), nn.ReLU(), nn.Unflatten(1, features),
         torch_gan.twice(nn.ConvTranspose2d(2 * width, width, 4, 2, 1), upsample), nn.ReLU(),
         torch_gan.twice(nn.ConvTranspose2d(width, channels, 4, 2, 1), upsample)]
    return Main(e), Main(g)


CASES = {
    "dense, bernoulli": dict(size=8, channels=1, arguments=["--nz", 5], make=lambda: dense_vae(8, 1, 5), kl_weight=1),
    "conv, nearest": dict(size=20, channels=1, make=lambda: conv_vae(20, 1, 2, 2, "nearest"), kl_weight=1,
                          arguments=["--variant", "conv", "--nz", 2, "--ngf", 2, "--ndf", 2, "--upsample", "nearest"]),
    "conv, gaussian": dict(size=20, channels=3, make=lambda: conv_vae(20, 3, 3, 4, "transpose"), sigma=0.2, kl_weight=0.5,
                           arguments=["--variant", "conv", "--nz", 3, "--ngf", 4, "--ndf", 4, "--likelihood", "gaussian",
                                      "--sigma", 0.2, "--kl-weight", 0.5]),
}


def train(spec, folder, run, *more):
    files.sumi("train", "vae", "--data", folder, "--outdir", run, "--size", spec["size"], "--channels", spec["channels"],
               "--batch-size", 4, "--log-every", 1, "--sample-every", 0, "--dump-batches", run + "/batches",
               "--cache", run + "-cache", "--threads", 1, *spec["arguments"], *more)


def losses(spec, e, g, real, noise):
    """Reconstruction and divergence, each in nats of an image, and the decoder's output; as Kingma 2013 defines them."""
    n = real.shape[0]
    mean, log_var = e(real).chunk(2, 1)
    output = g(mean + torch.exp(0.5 * log_var) * noise)
    target = (real + 1) / 2
    if "sigma" in spec:
        var = spec["sigma"] ** 2
        nll = 0.5 * (torch.log(torch.tensor(2 * math.pi * var, dtype=torch.float64))
                     + (target - torch.sigmoid(output)) ** 2 / var) - 0.5 * math.log(2 * math.pi)
        reconstruction = nll.sum() / n
    else:
        reconstruction = F.binary_cross_entropy(torch.sigmoid(output), target, reduction="sum") / n
    kl = -0.5 * torch.sum(1 + log_var - mean ** 2 - log_var.exp()) / n
    return reconstruction, kl, output.detach()


def prepared(spec, run, step):
    """Networks with the weights of the checkpoint at `step`."""
    e, g = spec["make"]()
    tensors = files.checkpoint(run, step)[0]
    for name, net in (("e", e), ("g", g)):
        net.double()
        torch_gan.load(net, name, tensors)
    return e, g


def batch(run, step):
    dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, step))[0]
    real, noise, _ = torch_gan.batch(dump, False, torch.float64)
    return real, noise, dump["output"].transpose(0, 3, 1, 2)


def worst_difference(stats, reconstruction, kl, spec):
    loss = reconstruction + spec["kl_weight"] * kl
    return max(abs(reconstruction.item() - stats["loss_reconstruction"]), abs(kl.item() - stats["loss_kl"]),
               abs(loss.item() - stats["loss"]))


def whole_run_f64(case, spec, folder, run):
    steps = 5
    train(spec, folder, run, "--device", "ref", "--precision", "f64", "--steps", steps)
    e, g = prepared(spec, run, 0)
    optimizer = torch.optim.Adam([*e.parameters(), *g.parameters()], lr=1e-3)
    stats, worst = files.read_stats(run), 0.0
    for step in range(1, steps + 1):
        reconstruction, kl, _ = losses(spec, e, g, *batch(run, step)[:2])
        worst = max(worst, worst_difference(stats[step], reconstruction, kl, spec))
        optimizer.zero_grad()
        (reconstruction + spec["kl_weight"] * kl).backward()
        optimizer.step()
    checks.small("%s: losses of %d steps in f64" % (case, steps), worst, 1e-9)


def single_step_f32(case, spec, folder, run, on):
    train(spec, folder, run, "--device", on, "--precision", "f32", "--steps", 1)
    e, g = prepared(spec, run, 0)
    real, noise, dumped = batch(run, 1)
    reconstruction, kl, output = losses(spec, e, g, real, noise)
    worst = worst_difference(files.read_stats(run)[1], reconstruction, kl, spec)
    checks.small("%s: losses of the first step in f32, relative" % case, worst / abs(reconstruction.item()), 1e-5)
    checks.small("%s: the decoder's output in f32, relative" % case,
                 np.linalg.norm(output.numpy() - dumped) / np.linalg.norm(dumped), 1e-5)
    (reconstruction + spec["kl_weight"] * kl).backward()
    after, worst = files.checkpoint(run, 1)[0], 0.0
    for prefix, net in (("e", e), ("g", g)):
        for name, p in net.named_parameters():
            # Adam's first moment after one step is a tenth of the gradient.
            ours = torch_gan.to_torch(name, 10 * after["optim.%s.m.%s" % (prefix, name)].astype(np.float64), net)
            worst = max(worst, ((ours - p.grad).norm() / p.grad.norm()).item())
    checks.small("%s: gradients of the first step in f32" % case, worst, 1e-4)


with tempfile.TemporaryDirectory() as work:
    for number, (case, spec) in enumerate(CASES.items()):
        folder, run = "%s/pictures%d" % (work, number), "%s/run%d" % (work, number)
        files.write_pictures(folder, 12, spec["size"], spec["channels"])
        single_step_f32(case, spec, folder, run + "-f32", device)
        if device == "cpu":
            whole_run_f64(case, spec, folder, run + "-f64")
checks.finish()
