"""Compares AnimeGAN and CartoonGAN with PyTorch through the program and its files: one warm-up step and two steps after it,
from the same weights and images, with every generator and both discriminators, with and without spectral norm.

f64 on the reference device: losses, generated images and final weights within 1e-7. --device NAME: in f32 on that device,
within 1e-3.
"""

import os
import sys
import tempfile

try:
    import torch
except ImportError:
    print("SKIPPED: PyTorch is not installed for this Python (Debian: python3-torch)")
    sys.exit(77)
import numpy as np

import sumi_files as files
import torch_anime

if "SUMI" not in os.environ:
    sys.exit("usage: SUMI=PROGRAM anime_parity.py [--device NAME]")
torch.set_num_threads(1)
checks = files.Checks()

# model, generator, discriminator, preset, spectral norm
CASES = [("animegan", "animegan2", "animegan2", "hayao", True), ("cartoongan", "cartoongan", "cartoongan", "cartoongan", False),
         ("animegan", "animegan2_lite", "cartoongan", "hayao", False)]
SIZE, WIDTH, STEPS = 16, 8, 3


def random_vgg(path):
    """A VGG19 of few filters in torchvision's names."""
    rng, tensors, inputs, index = np.random.RandomState(3), {}, 3, 0
    for count in (2, 2, 4, 4, 4):
        for _ in range(count):
            spread = (2 / (9 * inputs))**0.5 * (1 / 64 if inputs == 3 else 1)
            tensors["features.%d.weight" % index] = (spread * rng.randn(6, inputs, 3, 3)).astype(np.float32)
            tensors["features.%d.bias" % index] = (0.1 * rng.randn(6)).astype(np.float32)
            inputs, index = 6, index + 2
        index += 1
    files.write_safetensors(path, tensors)
    return {name: torch.from_numpy(a).double() for name, a in tensors.items()}


def to_torch(name, ours, shape):
    """A tensor of sumi's as PyTorch lays it out; `shape` is PyTorch's, for a spectral norm's v that of its weight."""
    a = torch.from_numpy(ours.astype(np.float64))
    if name.endswith("weight_v"):
        _, c, r, s = shape
        return a.reshape(r, s, c).permute(2, 0, 1).reshape(-1)
    return a.permute(0, 3, 1, 2).contiguous() if len(shape) == 4 else a.reshape(-1)


def theirs(net, prefix, tensors):
    """The network's state from a checkpoint, by PyTorch's names. A weight under spectral norm is derived: not of the state."""
    state = {}
    for name, value in net.state_dict().items():
        place, last = name.rsplit(".", 1)
        shape = net.get_parameter(place + ".weight_orig").shape if last == "weight_v" else value.shape
        state[name] = to_torch(name, tensors["%s.%s" % (prefix, name)], shape)
    return state


def relative(ours, expected):
    ours, expected = (np.asarray(a, np.float64) for a in (ours, expected))
    return np.linalg.norm(ours - expected) / max(np.linalg.norm(expected), 1e-30)


def compare(work, case, device, limit):
    model, net_g, net_d, preset, spectral = case
    run = "%s/%s-%s" % (work, model, net_g)
    vgg = random_vgg(work + "/vgg.safetensors")
    for domain, seed in (("a", 1), ("b", 2)):
        for i, picture in enumerate(files.smooth_pictures(2, SIZE, 3, seed)):
            files.write_png("%s/%s/%d.png" % (work, domain, i), picture // 128 * 160 if domain == "b" else picture)
    files.sumi("train", model, "--data-a", work + "/a", "--data-b", work + "/b", "--outdir", run, "--feature-network",
               work + "/vgg.safetensors", "--load-size", SIZE, "--crop-size", SIZE, "--no-flip", "--batch-size", 2, "--ngf", WIDTH,
               "--ndf", WIDTH, *(["--n-blocks", 2] if net_g == "cartoongan" else []), "--net-g", net_g, "--net-d", net_d,
               "--style-preset", preset,
               "--spectral-norm" if spectral else "--no-spectral-norm", "--init-epochs", 1, "--lr-policy", "constant", "--steps", STEPS, "--lr-g", 1e-4,
               "--lr-d", 2e-4, "--log-every", 1, "--sample-every", 0, "--dump-batches", run + "/batches", "--threads", 1, "--device",
               device, "--precision", "f64" if device == "ref" else "f32")
    g = (torch_anime.CartoonGenerator(WIDTH, 2) if net_g == "cartoongan" else torch_anime.GENERATORS[net_g](WIDTH)).double()
    d = torch_anime.AnimeDiscriminator(net_d, WIDTH, spectral).double()
    first, last = files.checkpoint(run, 0)[0], files.checkpoint(run, STEPS)[0]
    for net, name in ((g, "g"), (d, "d")):
        net.load_state_dict(theirs(net, name, first), strict=True)
    trainer = torch_anime.AnimeGAN(g, d, vgg, preset, model == "animegan", 1e-4, 2e-4, 2e-4)
    what = "%s with %s: " % (model, net_g)
    worst_loss = worst_fake = 0.0
    for number in range(1, STEPS + 1):
        dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, number))[0]
        pictures = [torch.from_numpy(dump[name]).double().permute(0, 3, 1, 2) for name in ("real_a", "real_b", "smooth_b")]
        losses, fake = trainer.step(*pictures, number == 1)
        stats = files.read_stats(run)[number]
        worst_loss = max([worst_loss] + [abs(stats[name] - loss) / abs(loss) for name, loss in losses.items()], key=lambda e: (e != e, e))
        worst_fake = max(worst_fake, relative(dump["fake_b"].transpose(0, 3, 1, 2), fake.numpy()), key=lambda e: (e != e, e))
    checks.true(what + "drawings are smoothed somewhere", not np.array_equal(dump["real_b"], dump["smooth_b"]))
    checks.small(what + "losses, relative", worst_loss, limit)
    checks.small(what + "drawn pictures, relative", worst_fake, limit)
    if device != "ref":
        return
    for net, name in ((g, "g"), (d, "d")):
        after = theirs(net, name, last)
        idle = {n for n in after if n.endswith(".bias")} if "cartoongan" in (net_g if name == "g" else net_d) else set()
        worst = max(relative(after[n].numpy(), v.numpy()) for n, v in net.state_dict().items() if n not in idle)
        checks.small(what + "weights of %s after %d steps, relative" % (name, STEPS), worst, limit)


with tempfile.TemporaryDirectory() as work:
    os.environ["XDG_CACHE_HOME"] = work + "/cache"
    device = files.device_argument()
    if device == "cpu":
        for case in CASES:
            compare(work, case, "ref", 1e-7)
    else:
        compare(work, CASES[0], device, 1e-3)
checks.finish()
