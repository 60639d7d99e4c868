"""Compares pix2pix with PyTorch through the program and its files, as cyclegan_parity.py does for CycleGAN.

f64: three steps from the same weights and images, losses and images within 1e-6.
f32: single steps from the checkpoints at 0 and 2: losses, generated images and gradients, against PyTorch in f64.
Networks: parameters of the published ones by name, shape and count; an exported generator loads with strict=True, and its
output with the image's own statistics equals the output of sumi convert.
--device NAME (emu, cuda): only single steps, from 0 and 1.
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
import torch_cyclegan
import torch_pix2pix
from translation_parity import check_plan, exported, load_trainer, loss_error, nchw, options, relative, worst_gradient

if "--sumi" in sys.argv:
    os.environ["SUMI"] = sys.argv[sys.argv.index("--sumi") + 1]
if "SUMI" not in os.environ:
    sys.exit("usage: pix2pix_parity.py --sumi PROGRAM (or SUMI=PROGRAM)")
torch.set_num_threads(1)
checks = files.Checks()

UNET = dict(net_g="unet_128", ngf=4, ndf=4, norm="batch")
RESNET = dict(net_g="resnet_6blocks", n_blocks=1, ngf=4, ndf=4, norm="instance", upsample="nearest")


def train(work, run, size, spec, *more):
    """One pair, side by side, the same at every step."""
    a, b = (next(files.smooth_pictures(1, size, 3, seed)) for seed in (1, 2))
    files.write_png("%s/%d/0.png" % (work, size), np.concatenate([a, b], axis=1))
    files.sumi("train", "pix2pix", "--data", "%s/%d" % (work, size), "--outdir", run, "--load-size", size, "--crop-size", size,
               "--no-flip", "--no-dropout", "--lr-policy", "constant", "--log-every", 1, "--sample-every", 0, "--save-every", 1,
               "--keep", 100, "--dump-batches", run + "/batches", "--threads", 1, *options(spec), *more)


def trainer(tensors, spec, dtype, steps):
    return load_trainer(torch_pix2pix.Pix2Pix(**spec), tensors, dtype, steps)


def step(model, run, number, dtype):
    """Takes the run's step. Returns the relative error of what is drawn, and {loss: (PyTorch's, sumi's)}."""
    dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, number))[0]
    losses, drawn = model.step(nchw(dump["real_a"], dtype), nchw(dump["real_b"], dtype))
    stats = files.read_stats(run)[number]
    return relative(nchw(dump["fake_b"], dtype), drawn), {name: (loss.item(), stats[name]) for name, loss in losses.items()}


def whole_run_f64(work, size, spec, steps):
    run = "%s/%s-f64" % (work, spec["net_g"])
    train(work, run, size, spec, "--device", "ref", "--precision", "f64", "--steps", steps)
    model, worst, worst_drawn = trainer(files.checkpoint(run, 0)[0], spec, torch.float64, 0), [], []
    for number in range(1, steps + 1):
        error, losses = step(model, run, number, torch.float64)
        worst.append(loss_error(losses, 1.0))
        worst_drawn.append(error)
    what = "%s, %d steps in f64: " % (spec["net_g"], steps)
    checks.small(what + "losses", float(np.max(worst)), 1e-6)
    checks.small(what + "pictures, relative", float(np.max(worst_drawn)), 1e-6)


def single_steps_f32(work, size, spec, starts, device="cpu"):
    run = "%s/%s-f32" % (work, spec["net_g"])
    train(work, run, size, spec, "--device", device, "--precision", "f32", "--steps", starts[-1] + 1)
    for start in starts:
        before, after = files.checkpoint(run, start)[0], files.checkpoint(run, start + 1)[0]
        model = trainer(before, spec, torch.float64, start)
        error, losses = step(model, run, start + 1, torch.float64)
        what = "%s, step from %d in f32: " % (spec["net_g"], start)
        checks.small(what + "losses, relative", loss_error(losses, 1e-30), 1e-5)
        checks.small(what + "picture, relative", error, 1e-4)
        name, error = worst_gradient(model, before, after)
        checks.small(what + "gradient of %s" % name, error, 1e-4 if start == 0 else 2e-2)


def converted(work, run, size, spec):
    """A trained generator's image, through sumi convert and in PyTorch, by the statistics of that image."""
    net = torch_cyclegan.generator_of(spec["net_g"], spec["ngf"], spec["norm"])
    weights = exported(run, "g", work + "/g.safetensors")
    net.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=True)
    (picture,) = files.smooth_pictures(1, size, 3, 3)
    files.write_png(work + "/convert/in.png", picture)
    files.sumi("convert", "-m", run, "-i", work + "/convert/in.png", "-o", work + "/convert/out.png", "--threads", 1)
    with torch.no_grad():
        y = net.train()(nchw(picture[None] / np.float32(127.5) - 1, torch.float32))[0].permute(1, 2, 0).numpy()
    expected = np.clip(np.rint((y + 1) * 127.5), 0, 255).astype(int)
    ours = files.read_png(work + "/convert/out.png").astype(int)
    checks.true("converted: size of the picture", ours.shape == expected.shape)
    checks.small("converted: gray levels", float(np.abs(ours - expected).max()), 1)


def everything(work):
    check_plan(checks, "unet_256", files.sumi("train", "pix2pix", "--dry-run"), torch_pix2pix.Pix2Pix().nets,
               {"g": 54413955, "d": 2768705})
    single_steps_f32(work, 128, UNET, (0, 2))
    converted(work, "%s/unet_128-f32" % work, 128, UNET)
    single_steps_f32(work, 32, RESNET, (0, 1))
    whole_run_f64(work, 128, dict(UNET, ngf=2, ndf=2, upsample="bilinear"), 3)


with tempfile.TemporaryDirectory() as work:
    os.environ["XDG_CACHE_HOME"] = work + "/cache"
    device = files.device_argument()
    if device == "cpu":
        everything(work)
    else:
        single_steps_f32(work, 128, dict(UNET, ngf=1, ndf=1), (0, 1), device)
checks.finish()
