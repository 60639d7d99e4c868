"""Compares CycleGAN with PyTorch through the program and its files, as gan_parity.py does for the GANs.

f64: a few steps from the same weights and images, losses within 1e-6.
f32: single steps from the checkpoints at 0, 1 and 5: losses and gradients, against PyTorch in f64, because one sign of the
L1 loss or of a ReLU that PyTorch's own rounding flips changes its gradients by 1e-3.
Networks: parameters by name, shape and count; exported ones load with strict=True; their outputs, in floats and as
images; imported ones have the same bits, and files that do not match are rejected.
--device NAME (emu, cuda): only the single steps, from 0 and 1, of smaller networks on that device.
"""

import os
import re
import sys
import tempfile
import time

try:
    import torch
except ImportError:
    print("SKIPPED: PyTorch is not installed for this Python (Debian: python3-torch)")
    sys.exit(77)
import numpy as np

import sumi_files as files
import torch_cyclegan as torch_model
import torch_gan
from translation_parity import check_plan, load_trainer, loss_error, nchw, options, parameters, relative, worst_gradient

if "--sumi" in sys.argv:
    os.environ["SUMI"] = sys.argv[sys.argv.index("--sumi") + 1]
if "SUMI" not in os.environ:
    sys.exit("usage: cyclegan_parity.py --sumi PROGRAM (or SUMI=PROGRAM)")
torch.set_num_threads(1)  # images this small are no faster with two
checks = files.Checks()

NETS = torch_model.GENERATORS + torch_model.DISCRIMINATORS
SMALL = dict(net_g="resnet_6blocks", n_blocks=2, ngf=8, ndf=8, norm="instance")
TINY = dict(SMALL, n_blocks=1, ngf=4, ndf=4)
# Every architecture once, resnet_6blocks being the other resnet but for its length; one of them with batch norm: that one has
# statistics to carry, and is drawn with them. Each start of sumi takes a third of a second, so there are as few as will do.
ARCHITECTURES = [
    (32, dict(net_g="resnet_9blocks", ngf=8, ndf=8, norm="instance")),
    (128, dict(net_g="unet_128", ngf=4, ndf=4, norm="batch")),
    (256, dict(net_g="unet_256", ngf=4, ndf=4, norm="instance")),
]
# Of the published definitions, as PyTorch counts them: (net_g, norm, generator, discriminator).
FULL_SIZE = [
    ("resnet_6blocks", "instance", 7837699, 2764737), ("resnet_9blocks", "instance", 11378179, 2764737),
    ("unet_128", "batch", 41828995, None), ("unet_256", "batch", 54413955, None),
]


def train(work, run, size, spec, *more):
    """One image in each domain, the same at every step."""
    for domain, seed in (("a", 1), ("b", 2)):
        for picture in files.smooth_pictures(1, size, 3, seed):
            files.write_png("%s/%d-%s/0.png" % (work, size, domain), picture)
    return files.sumi(
        "train", "cyclegan", "--data-a", "%s/%d-a" % (work, size), "--data-b", "%s/%d-b" % (work, size), "--outdir", run,
        "--crop-size", size, "--preprocess", "none", "--no-flip", "--pool-size", 0, "--batch-size", 1,
        "--lambda-a", 10, "--lambda-b", 10, "--lambda-identity", 0.5, "--no-dropout", "--lr-policy", "constant",
        "--log-every", 1, "--sample-every", 0, "--dump-batches", run + "/batches", "--threads", 1, *options(spec), *more)


def trainer(tensors, spec, dtype, steps):
    """PyTorch's model with the state of a checkpoint after so many steps."""
    return load_trainer(torch_model.CycleGAN(torch_model.networks(**spec)), tensors, dtype, steps)


def step(model, run, number, dtype):
    """Takes the run's step. Returns the fakes' relative errors, and {loss: (PyTorch's, sumi's)}."""
    dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, number))[0]
    losses, fake_a, fake_b = model.step(nchw(dump["real_a"], dtype), nchw(dump["real_b"], dtype))
    stats = files.read_stats(run)[number]
    errors = {name: relative(dump[name].transpose(0, 3, 1, 2), fake.numpy())
              for name, fake in (("fake_a", fake_a), ("fake_b", fake_b))}
    return errors, {name: (loss.item(), stats[name]) for name, loss in losses.items()}


def whole_run_f64(work, size, spec, steps):
    run = "%s/%s-f64" % (work, spec["norm"])
    began = time.time()
    train(work, run, size, spec, "--device", "ref", "--precision", "f64", "--steps", steps)
    seconds = time.time() - began
    first = files.checkpoint(run, 0)[0]
    checks.true("%s: weights of an f64 run are f64" % spec["norm"], first["g_ab.model.1.weight"].dtype == np.float64)
    model, worst, worst_fake = trainer(first, spec, torch.float64, 0), [], []
    for number in range(1, steps + 1):
        errors, losses = step(model, run, number, torch.float64)
        worst.append(loss_error(losses, 1.0))
        worst_fake += errors.values()
    what = "%s, %d steps in f64: " % (spec["norm"], steps)
    checks.small(what + "losses", float(np.max(worst)), 1e-6)
    checks.small(what + "fakes, relative", float(np.max(worst_fake)), 1e-6)
    print("     the reference device took %.1f s" % seconds)


def single_steps_f32(work, size, device="cpu", spec=SMALL, starts=(0, 1, 5)):
    run = work + "/f32"
    train(work, run, size, spec, "--device", device, "--precision", "f32", "--steps", starts[-1] + 1, "--save-every", 1, "--keep", 100)
    for start in starts:
        before, after = files.checkpoint(run, start)[0], files.checkpoint(run, start + 1)[0]
        model = trainer(before, spec, torch.float64, start)
        errors, losses = step(model, run, start + 1, torch.float64)
        what = "step from %d in f32: " % start
        checks.small(what + "losses, relative", loss_error(losses, 1e-30), 1e-5)
        checks.small(what + "fakes, relative", float(np.max(list(errors.values()))), 1e-4)
        name, error = worst_gradient(model, before, after)
        checks.small(what + "gradient of %s" % name, error, 1e-4 if start == 0 else 2e-2)


def drawn_floats(work, size, spec, inspect):
    """Exported networks, strictly loaded, compute the first step's fakes and losses."""
    run, path = "%s/%s" % (work, spec["net_g"]), work + "/exported.safetensors"
    train(work, run, size, spec, "--steps", 1, "--save-every", 1)
    model = torch_model.CycleGAN(torch_model.networks(**spec))
    files.sumi("export", "-m", run + "/checkpoints/0.safetensors", "--layout", "torch", "-o", path)
    exported = files.read_safetensors(path)[0]
    for name, net in model.nets.items():
        weights = {k[len(name) + 1:]: torch.from_numpy(v) for k, v in exported.items() if k.startswith(name + ".")}
        net.load_state_dict(weights, strict=True)
    if inspect:
        inspected = files.sumi("inspect", run)
        for name, net in model.nets.items():
            section = re.search(r"(?ms)^network %s$(.*?)(^network |\Z)" % name, inspected).group(1)
            counted = int(re.search(r"parameters +([\d,]+)", section).group(1).replace(",", ""))
            checks.true("%s: count of %s that inspect shows" % (spec["net_g"], name), counted == parameters(net))
    errors, losses = step(model, run, 1, torch.float32)
    for name, error in errors.items():
        checks.small("%s: exported, %s, relative" % (spec["net_g"], name), error, 1e-4)
    judged = {name: pair for name, pair in losses.items() if name.startswith("loss_d_")}
    checks.small("%s: exported, losses of the discriminators, relative" % spec["net_g"], loss_error(judged, 1e-30), 1e-5)


def bold(net):
    """Weights that make an image of strong colors, and statistics and biases that matter."""
    torch.manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            if p.dim() > 1:
                p.normal_(0, 1.5 / p[0].numel()**0.5)
            else:
                p.copy_(1 + 0.2 * torch.randn_like(p) if p.mean() > 0.5 else 0.2 * torch.randn_like(p))
        for name, buffer in net.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.2)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 2)
    return net


def import_as(work, spec, name, tensors):
    """Returns (checkpoint, exit code, what the program said)."""
    path, checkpoint = work + "/theirs.safetensors", "%s/imported-%s-%s.safetensors" % (work, spec["net_g"], name)
    files.write_safetensors(path, tensors)
    return (checkpoint, *files.sumi_result("import", "--model", "cyclegan", *options(spec), "--net", name, "-i", path,
                                           "-o", checkpoint))


def holds(checkpoint, name, net):
    """Whether the network in sumi's file has PyTorch's weights and statistics, and no others."""
    tensors, theirs = files.read_safetensors(checkpoint)[0], net.state_dict()
    counted = {k for k in theirs if k.endswith("num_batches_tracked")}  # sumi does not count batches
    ours = {k[len(name) + 1:]: v for k, v in tensors.items() if k.startswith(name + ".")}
    return ours.keys() == theirs.keys() - counted and all(
        torch.equal(torch_gan.to_torch(k, v, net), theirs[k]) for k, v in ours.items())


def drawn_pictures(work, size, spec, name, direction):
    """A network of PyTorch's, imported, draws the image that PyTorch draws."""
    net = bold(torch_model.networks(**spec)[name]).eval()
    checkpoint, code, said = import_as(work, spec, name, {k: v.numpy() for k, v in net.state_dict().items()})
    what = "%s, %s: " % (spec["net_g"], name)
    checks.true(what + "import", code == 0)
    if code != 0:
        return print(said)
    checks.true(what + "imported weights are the same bits", holds(checkpoint, name, net))
    (picture,) = files.smooth_pictures(1, size, 3, 3)
    source, drawing = work + "/convert/in.png", work + "/convert/out-%s.png" % name
    files.write_png(source, picture)
    files.sumi("convert", "-m", checkpoint, "-i", source, "-o", drawing, "--direction", direction, "--threads", 1)
    ours = files.read_png(drawing).astype(int)
    with torch.no_grad():
        y = net(nchw(picture[None] / np.float32(127.5) - 1, torch.float32))[0].permute(1, 2, 0).numpy()
    expected = np.clip(np.rint((y + 1) * 127.5), 0, 255).astype(int)
    checks.true(what + "PyTorch draws strong colors", expected.std() > 30)
    checks.true(what + "size of the picture", ours.shape == expected.shape)
    if ours.shape == expected.shape:
        checks.small(what + "picture, gray levels", float(np.abs(ours - expected).max()), 1)


def odd_files(work):
    net = torch_model.networks(**SMALL)["g_ab"]
    good = {k: v.numpy() for k, v in net.state_dict().items()}
    stale = dict(good, **{k: v.numpy() for k, v in torch_model.stale_buffers(net).items()})
    checkpoint, code, said = import_as(work, SMALL, "g_ab", stale)
    checks.true("import ignores stale statistics of instance norms", code == 0)
    if code == 0:
        checks.true("imported weights are the same bits, without the statistics", holds(checkpoint, "g_ab", net))
        os.remove(checkpoint)
    else:
        print(said)
    # Three that do not fit, in one file: all are named.
    missing, shape, extra = "model.1.weight", "model.4.weight", "model.99.weight"
    bad = {k: v for k, v in good.items() if k != missing}
    bad.update({shape: good[shape][:, :4].copy(), extra: good[missing]})
    checkpoint, code, said = import_as(work, SMALL, "g_ab", bad)
    for kind, name in (("missing", missing), ("too much", extra), ("of the wrong shape", shape)):
        checks.true("a tensor that is %s: refused by name" % kind, code == 1 and name in said)
    checks.true("tensors that do not fit: nothing written", not os.path.exists(checkpoint))


def full_size(net_g, norm, published_g, published_d):
    """The plan of a full-size model: every parameter's name and shape, and the published counts."""
    plan = files.sumi("train", "cyclegan", "--dry-run", "--net-g", net_g, "--norm", norm, "--no-dropout")
    g, d = torch_model.generator_of(net_g, norm=norm), torch_model.NLayerDiscriminator(norm=norm)
    nets = {name: g if name.startswith("g") else d for name in NETS}
    published = {name: published_g if name.startswith("g") else published_d for name in NETS}
    check_plan(checks, "%s %s" % (net_g, norm), plan, nets, published)


def everything(work):
    for row in FULL_SIZE:
        full_size(*row)
    odd_files(work)
    for number, (size, spec) in enumerate(ARCHITECTURES):
        drawn_floats(work, size, spec, number == 0)
        drawn_pictures(work, size, spec, "g_ab", "AtoB")
    drawn_pictures(work, (72, 56), SMALL, "g_ba", "BtoA")
    single_steps_f32(work, 48)
    for norm in ("instance", "batch"):
        whole_run_f64(work, 32, dict(SMALL, norm=norm), 4)


with tempfile.TemporaryDirectory() as work:
    os.environ["XDG_CACHE_HOME"] = work + "/cache"
    device = files.device_argument()
    if device == "cpu":
        everything(work)
    else:
        single_steps_f32(work, 32, device, TINY, (0, 1))
checks.finish()
