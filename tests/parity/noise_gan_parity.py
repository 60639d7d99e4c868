"""Compares WGAN, WGAN-GP, R3GAN, InfoGAN, and every loss and regularizer of a GAN from noise with PyTorch, through the program and
its files.

f64: a few steps from the same weights, images and noise: after each of them every parameter, running statistic, moment and
average, and the values that sumi reports. f32: the first step's losses, images and moments, from which the gradients
follow, against PyTorch in f64. --device NAME (emu, cuda): only that step, for the rows with different kernels, on that
device.
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
import torch_gan
import torch_noise
import torch_r3gan
from torch_noise import Stream
from torch_noise_step import NoiseGan, settings

torch.set_num_threads(1)
checks = files.Checks()
device = files.device_argument()
BATCH, STEPS, CLASSES = 4, 3, ("a", "b")

# Options of sumi's and what they make of the recipe in one. Several in a row where they do not touch each other's terms.
# Where d learns twice a step, or the noise is a reference's, it is uniform: then it can be drawn here with the same bits.
TWICE = dict(n_critic=2, latent="uniform")
ROWS = {
    "wgan-gp": dict(TWICE),
    "wgan-gp, vbn": dict(latent="uniform", n_critic=1, vbn=True, upsample="transpose"),
    "wgan-gp, sn": dict(TWICE, sn=True, upsample="bilinear"),
    "wgan": dict(TWICE),
    "r3gan": dict(n_blocks=2),
    "dcgan, relativistic": dict(gan_mode="relativistic", r1=0.5, r2=2, r1_every=2, diffaugment="color"),
    "infogan": dict(categories=3, continuous=2, lambda_info=0.5, minibatch_discrimination=2, upsample="nearest"),
    "dcgan, hinge, r1": dict(gan_mode="hinge", r1=2, r1_every=2, upsample="bilinear"),
    "dcgan, sn, lsgan, diversity": dict(gan_mode="lsgan", sn=True, diversity=0.5, upsample="nearest"),
    "dcgan, saturating": dict(gan_mode="saturating", label_smooth=0.2, weight_decay=0.1, ema=0.9,
                              diffaugment="color,translation,cutout"),
    "dcgan, wgan": dict(gan_mode="wgan", feature_matching=3, historical_averaging=5, clip_grad=0.01),
    "dcgan, conditional": dict(conditional=True, g_label="random", feature_matching=2, label_smooth=0.1, d_noise=0.3),
    "dcgan, vbn, minibatch": dict(vbn=True, latent="uniform", optimizer="adamw", weight_decay=0.5, minibatch_discrimination=3),
}
# What has kernels of its own is taken in f32 too, with one update of d in a step: Adam's first steps are as long where the
# gradient is nothing but rounding. So is that of a Wasserstein critic's last biases: they shift its outputs for real and fake
# alike. They stand still.
STILL = dict(n_critic=1, freeze="d.blocks.1.conv2.bias,d.blocks.1.shortcut.bias")
IN_F32 = {"wgan-gp": STILL, "wgan-gp, sn": STILL, "wgan": dict(n_critic=1), "infogan": {}, "dcgan, hinge, r1": {}, "r3gan": {}}
EXPORTED = ("wgan-gp", "r3gan", "infogan", "dcgan, sn, lsgan, diversity")
ON_DEVICE = ("wgan-gp, sn", "wgan", "infogan", "r3gan")

SIZES = {"infogan": dict(size=8, channels=1, nz=6)}
MAKERS = {"wgan-gp": torch_noise.resnet_gan, "wgan": torch_noise.dcgan, "dcgan": torch_noise.dcgan,
          "infogan": torch_noise.infogan, "r3gan": torch_r3gan.r3gan}


def sizes(model):
    return SIZES.get(model, dict(size=16, channels=3, nz=8, ngf=4, ndf=4))


def arguments(options):
    words = []
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), *([] if value is True else [value])]
    return words


def train(work, run, model, options, *more):
    folder = "%s/pictures-%d" % (work, sizes(model)["size"])
    files.sumi("train", model, "--data", folder, "--outdir", run, "--batch-size", BATCH, "--log-every", 1, "--sample-every", 0,
               "--save-every", 1, "--keep", 100, "--dump-batches", run + "/batches", "--cache", work + "/cache", "--threads", 1,
               *arguments({**sizes(model), **options}), *more)


def pictures_of_two(work):
    """{step: the images of both of d's updates}: those of a batch twice as large, as a dump has the last update's only."""
    run = work + "/two"
    train(work, run, "dcgan", dict(batch_size=2 * BATCH), "--steps", STEPS)
    return {step: dump(run, step)["real"] for step in range(1, STEPS + 1)}


def dump(run, step):
    read = files.read_safetensors("%s/batches/%d.safetensors" % (run, step))[0]
    return {name: torch_gan.nchw(a, torch.float64) for name, a in read.items()}


class Run:
    """A run of sumi's, and PyTorch's networks with its first weights."""

    def __init__(self, work, row, kind, changed, *more):
        self.model, self.options = row.split(",")[0], {**ROWS[row], **changed}
        self.path = "%s/%s-%s" % (work, row.replace(", ", "-").replace(" ", "-"), kind)
        train(work, self.path, self.model, self.options, *more)
        self.spec = settings(self.model, {**sizes(self.model), **self.options})
        if self.options.get("conditional"):
            self.spec["classes"] = len(CLASSES)
        nets = torch_noise.prepared(MAKERS[self.model](self.spec), self.spec)
        self.tensors = files.checkpoint(self.path, 0)[0]
        for name, net in nets.items():
            torch_gan.load(net.double(), name, self.tensors)
        self.gan, self.stats, self.noise = NoiseGan(nets, self.spec), files.read_stats(self.path), Stream(2)
        self.averages = {"g." + k: v.clone() for k, v in nets["g"].state_dict().items()}

    def step(self, number, two=None):
        """PyTorch's step, and the worst error of what was reported and drawn."""
        seen = dump(self.path, number)
        noise = seen["noise"].flatten(1)
        batches = [(seen["real"], noise)]
        if self.spec["n_critic"] == 2:
            drawn = [self.noise.uniform(*noise.shape, lo=-1, hi=1) for _ in range(2)]
            batches = list(zip(two[number].split(BATCH), drawn))
            same = torch.equal(batches[1][0], seen["real"]) and torch.equal(drawn[1], noise)
            checks.true("step %d: what sumi dumps is the second update's" % number, same)
        stats, fake = self.gan.step(batches)
        keep = min(self.spec.get("ema", 0), (1 + number) / (10 + number))  # its warm-up; one update of g a step
        for name, value in self.gan.nets["g"].state_dict().items():
            self.averages["g." + name] = keep * self.averages["g." + name] + (1 - keep) * value
        reported = [abs(value - self.stats[number][name]) for name, value in stats.items()]
        return float(np.max(reported)), ((seen["fake"] - fake).norm() / fake.norm()).item()

    def state_error(self, number):
        """The worst difference of a parameter, running statistic or average after the step."""
        tensors, worst = files.checkpoint(self.path, number)[0], []
        for net, module in self.gan.nets.items():
            for name, theirs in module.state_dict().items():
                if not name.endswith("num_batches_tracked"):
                    full = "%s.%s" % (net, name)
                    worst.append((torch_gan.to_torch(name, tensors[full], module) - theirs).abs().max().item())
                    if "ema" in self.spec and net == "g":
                        ours = torch_gan.to_torch(name, tensors["ema." + full], module)
                        worst.append((ours - self.averages[full]).abs().max().item())
        return float(np.max(worst))

    def moment_error(self, number):
        """The worst relative difference of a moment: compared with at least a thousandth of the network's largest."""
        tensors, worst = files.checkpoint(self.path, number)[0], []
        for net, module in self.gan.nets.items():
            states = (self.gan.opt_g if net == "g" else self.gan.opt_d).state
            pairs = []
            for name, p in module.named_parameters():
                if not p.requires_grad:
                    continue
                kinds = {"m": "exp_avg", "v": "exp_avg_sq"} if "exp_avg" in states[p] else {"v": "square_avg"}
                for ours, theirs in kinds.items():
                    key = "optim.%s.%s.%s" % (net, ours, name)
                    pairs.append((ours, torch_gan.to_torch(name, tensors[key].astype(np.float64), module), states[p][theirs]))
            for kind in "mv":
                # The root of the second moment is of the gradient's size.
                size = [(a, b) if kind == "m" else (a.sqrt(), b.sqrt()) for which, a, b in pairs if which == kind]
                largest = max((b.norm().item() for _, b in size), default=0)
                worst += [(a - b).norm().item() / max(b.norm().item(), 1e-3 * largest) for a, b in size]
        return float(np.max(worst))


def steps_f64(work, row, two):
    run, worst = Run(work, row, "f64", {}, "--device", "ref", "--precision", "f64", "--steps", STEPS), []
    for number in range(1, STEPS + 1):
        reported, drawn = run.step(number, two)
        worst.append((reported, drawn, run.state_error(number), run.moment_error(number)))
    reported, drawn, state, moments = np.max(worst, axis=0)
    checks.small("%s: what %d steps in f64 report" % (row, STEPS), reported, 1e-8)
    checks.small("%s: pictures, relative" % row, drawn, 1e-8)
    checks.small("%s: parameters and statistics" % row, state, 1e-8)
    checks.small("%s: moments, relative" % row, moments, 1e-8)
    if row in EXPORTED:
        exported(run, row)


def exported(run, row):
    """What an export of the run's last weights holds is in PyTorch's layout, to the bit."""
    path = run.path + "/exported.safetensors"
    files.sumi("export", "-m", run.path, "--layout", "torch", "-o", path)
    theirs, ours = files.read_safetensors(path)[0], files.checkpoint(run.path, STEPS)[0]
    same = [torch.equal(torch.from_numpy(theirs["%s.%s" % (net, name)]), torch_gan.to_torch(name, ours["%s.%s" % (net, name)], module))
            for net, module in run.gan.nets.items() for name in module.state_dict() if not name.endswith("num_batches_tracked")]
    checks.true("%s: exported weights" % row, all(same))


def step_f32(work, row, on):
    run = Run(work, row, "f32", IN_F32[row], "--device", on, "--precision", "f32", "--steps", 1)
    reported, drawn = run.step(1)
    checks.small("%s: what the first step in f32 reports" % row, reported, 1e-5)
    checks.small("%s: pictures in f32, relative" % row, drawn, 1e-4)
    checks.small("%s: moments of the first step in f32" % row, run.moment_error(1), 1e-3)


with tempfile.TemporaryDirectory() as work:
    for place in CLASSES:
        files.write_pictures("%s/pictures-16/%s" % (work, place), 8, 16, 3, seed=ord(place))
    files.write_pictures(work + "/pictures-8", 16, 8, 1)
    if device == "cpu":
        two = pictures_of_two(work)
        for row in ROWS:
            steps_f64(work, row, two)
    for row in IN_F32 if device == "cpu" else ON_DEVICE:
        step_f32(work, row, device)
checks.finish()
