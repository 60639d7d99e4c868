"""Compares the feature networks with PyTorch through the program and its files.

The classifier in f64: eight steps on two sets from the same weights and batches, losses within 1e-8. In f32: the gradients
of single steps. `sumi distance` on the trained backbone, on a VGG19 with few channels and on an Inception v3 with random
weights, against PyTorch's feature maps and numpy's Frechet distance.
--device NAME (emu, cuda): only single steps on that device.
"""

import json
import os
import re
import sys
import tempfile

try:
    import torch
except ImportError:
    print("SKIPPED: PyTorch is not installed for this Python (Debian: python3-torch)")
    sys.exit(77)
import numpy as np
from torch import nn

import sumi_files as files
import torch_gan
import torch_inception

torch.set_num_threads(1)
checks = files.Checks()
device = files.device_argument()
SIZE, WIDTH, LR = 16, 4, 2e-3
STAGES = (("1_1", 1), ("1_2", 1), None, ("2_1", 2), ("2_2", 2), None, ("3_1", 4), ("3_2", 4), None, ("4_1", 8))


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        channels = 3
        for name, widths in filter(None, STAGES):
            setattr(self, "conv" + name, nn.Conv2d(channels, widths * WIDTH, 3, 1, 1, bias=False))
            channels = widths * WIDTH
            setattr(self, "norm" + name, nn.BatchNorm2d(channels))

    def forward(self, x):
        for stage in STAGES:
            if stage is None:
                x = nn.functional.max_pool2d(x, 2)
            else:
                x = torch.relu(getattr(self, "norm" + stage[0])(getattr(self, "conv" + stage[0])(x)))
        return x.mean((2, 3))


class Head(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(8 * WIDTH, classes)

    def forward(self, x):
        return self.fc(x)


def networks(tensors):
    nets = {"f": Trunk(), "head1": Head(2), "head2": Head(3)}
    for name, net in nets.items():
        net.double()
        torch_gan.load(net, name, tensors)
    return nets


def step(nets, dump):
    """The loss of the batch in `dump` and its gradients, by name."""
    pictures = [torch.from_numpy(dump["real%d" % i].astype(np.float64)).permute(0, 3, 1, 2) for i in (1, 2)]
    labels = [torch.from_numpy(dump["labels%d" % i].astype(np.float64))[:, 0, 0].argmax(1) for i in (1, 2)]
    features = nets["f"](torch.cat(pictures)).split(len(labels[0]))
    losses = [nn.functional.cross_entropy(nets["head%d" % (i + 1)](features[i]), labels[i]) for i in (0, 1)]
    loss = (losses[0] + losses[1]) / 2
    for net in nets.values():
        net.zero_grad()
    loss.backward()
    return loss.item(), {n + "." + k: p.grad for n, net in nets.items() for k, p in net.named_parameters()}


def train(data, run, *more):
    files.sumi("train", "classifier", "--data", data, "--outdir", run, "--size", SIZE, "--width", WIDTH, "--batch-size", 4,
               "--val-every", 0, "--lr-policy", "constant", "--lr", LR, "--log-every", 1, "--sample-every", 0, "--save-every", 1,
               "--keep", 100, "--dump-batches", run + "/batches", "--cache", run + "-cache", "--threads", 1, *more)


def dump_of(run, number):
    return files.read_safetensors("%s/batches/%d.safetensors" % (run, number))[0]


def whole_run(data, run):
    train(data, run, "--device", "ref", "--precision", "f64", "--steps", 8)
    nets, stats, worst = networks(files.checkpoint(run, 0)[0]), files.read_stats(run), 0.0
    optimizer = torch.optim.Adam([p for net in nets.values() for p in net.parameters()], lr=LR, betas=(0.9, 0.999))
    for number in range(1, 9):
        loss, _ = step(nets, dump_of(run, number))
        optimizer.step()
        worst = max(worst, abs(loss - stats[number]["loss"]))
    checks.small("losses of 8 steps in f64", worst, 1e-8)


def single_steps(data, run):
    train(data, run, "--device", device, "--precision", "f32", "--steps", 2)
    for start in (0, 1):
        before, after = files.checkpoint(run, start)[0], files.checkpoint(run, start + 1)[0]
        nets, worst = networks(before), 0.0
        loss, gradients = step(nets, dump_of(run, start + 1))
        checks.small("loss of the step from %d in f32" % start, abs(loss - files.read_stats(run)[start + 1]["loss"]), 1e-5)
        for name, theirs in gradients.items():
            net, rest = name.split(".", 1)
            moment = "optim.%s.m.%s" % (net, rest)
            ours = (after[moment].astype(np.float64) - 0.9 * before.get(moment, np.zeros(1)).astype(np.float64)) / 0.1
            ours = torch_gan.to_torch(rest, ours, nets[net]).numpy()
            worst = max(worst, np.linalg.norm(ours - theirs.numpy()) / max(np.linalg.norm(theirs), 1e-30))
        checks.small("gradients of the step from %d in f32" % start, worst, 1e-3)


def vgg19(path):
    """Its convolutions, ReLUs and pools as torchvision numbers them, with four channels everywhere."""
    layers, channels = [], 3
    for block in (2, 2, 4, 4, 4):
        for _ in range(block):
            layers += [nn.Conv2d(channels, 4, 3, 1, 1), nn.ReLU()]
            channels = 4
        layers.append(nn.MaxPool2d(2))
    features = nn.Sequential(*layers)
    for p in features.parameters():  # so that something is left after sixteen layers
        nn.init.normal_(p, 0, 0.3 if p.dim() > 1 else 0.1)
    files.write_safetensors(path, {"features." + k: v.numpy() for k, v in features.state_dict().items()})
    return features[:-1].double()


def read_folder(folder):
    pictures = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            pictures.append(np.frombuffer(f.read()[-32 * 32 * 3:], np.uint8).reshape(32, 32, 3))
    return torch.from_numpy(np.stack(pictures) / 127.5 - 1).permute(0, 3, 1, 2)


def frechet(a, b):
    """With C = X^T X for centered rows X, tr (C_a C_b)^(1/2) is the sum of the singular values of X_a X_b^T."""
    xa, xb = ((x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b))
    middle = np.linalg.svd(xa @ xb.T, compute_uv=False).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + (xa ** 2).sum() + (xb ** 2).sum() - 2 * middle


def distances(work, run):
    for name, count in (("a", 12), ("b", 9)):
        files.write_pictures(work + "/set-" + name, count, 32, 3)
    mean, std = (torch.tensor(v, dtype=torch.float64).view(3, 1, 1) for v in ((.485, .456, .406), (.229, .224, .225)))
    bgr = torch.tensor((103.939, 116.779, 123.68), dtype=torch.float64).view(3, 1, 1)
    torch.manual_seed(1)
    vgg, trunk = vgg19(work + "/vgg.safetensors"), networks(files.checkpoint(run, 2)[0])["f"].eval()
    forms = {
        "own": (run, [], trunk),
        "vgg19 torch": (work + "/vgg.safetensors", [], lambda x: vgg((x / 2 + 0.5 - mean) / std).mean((2, 3))),
        "vgg19 caffe": (work + "/vgg.safetensors", ["--vgg-input", "caffe"],
                        lambda x: vgg((x.flip(1) + 1) * 127.5 - bgr).mean((2, 3))),
    }
    for name, (path, more, network) in forms.items():
        compare(name, work + "/set-", path, more, network)


def compare(name, folders, path, more, network):
    """The folders FOLDERSa and FOLDERSb. Returns the Frechet distance wanted and what sumi said."""
    sets = [read_folder(folders + which) for which in "ab"]
    with torch.no_grad():
        want = frechet(*[network(x).numpy() for x in sets])
    said = files.sumi("distance", "-a", folders + "a", "-b", folders + "b", "--size", 32, "--feature-network", path,
                      "--cache", folders + "cache", "--threads", 1, *more)
    found = re.search(r"FD on .*features\s+(\S+)", said)
    checks.true("%s: sumi distance says so: %s" % (name, found.group(0) if found else said), found is not None)
    checks.small("%s: Frechet distance, relative" % name, abs(float(found.group(1)) / want - 1), 2e-3)
    return want, said


def perceptual(network, a, b):
    """The maps before each pool and at the end: squared distances of their unit vectors, averaged and summed."""
    total, last = 0, STAGES[-1][0]
    for k, stage in enumerate(STAGES):
        if stage is None:
            a, b = (nn.functional.max_pool2d(x, 2) for x in (a, b))
            continue
        a, b = (torch.relu(getattr(network, "norm" + stage[0])(getattr(network, "conv" + stage[0])(x))) for x in (a, b))
        if stage[0] == last or STAGES[k + 1] is None:
            unit = [x / ((x * x).sum(1, keepdim=True).sqrt() + 1e-10) for x in (a, b)]
            total = total + ((unit[0] - unit[1]) ** 2).sum(1).mean((1, 2))
    return total.mean().item()


def scores(work, run):
    """sumi evaluate on the trained backbone: perceptual distance, class score and Frechet distance."""
    for seed, name in enumerate("pq"):
        files.write_pictures(work + "/score-" + name, 12, 32, 3, seed + 20)
    p, q = (read_folder(work + "/score-" + name) for name in "pq")
    nets = networks(files.checkpoint(run, 2)[0])
    trunk, head = nets["f"].eval(), nets["head1"].eval()
    said = json.loads(files.sumi("evaluate", "--images", work + "/score-q", "--source", work + "/score-p", "--data", work + "/score-p",
                                 "--features", run, "--cache", work + "/cache", "--threads", 1, "--json"))["scores"]
    with torch.no_grad():
        want = {"perceptual": perceptual(trunk, p, q), "fd": frechet(trunk(p).numpy(), trunk(q).numpy())}
        shares = torch.softmax(head(trunk(q)), 1)
        want["class_score"] = (shares * (shares.log() - shares.mean(0).log())).sum(1).mean().exp().item()
    for key, value in want.items():
        checks.small("%s of %.6g, relative" % (key, value), abs(said[key]["value"] / value - 1), 2e-3)


def inception(work):
    """Three images and three others under both rules for pools, with random weights of the full size."""
    folders = work + "/few-"
    for seed, name in enumerate("ab"):
        files.write_pictures(folders + name, 3, 32, 3, seed)
    tensors, path, wants = torch_inception.random_weights(), work + "/inception.safetensors", []
    tensors["fc.bias"] = np.zeros(5, np.float32)  # which nothing reads
    files.write_safetensors(path, tensors)
    for rule, honest in (("torch", "not FID"), ("fid", "if the weights are FID's")):
        want, said = compare("inception " + rule, folders, path, ["--inception-pools", rule],
                             lambda x: torch_inception.descriptor(tensors, x, rule == "fid"))
        checks.true("inception %s: what the figure is" % rule, "FD on Inception features" in said and honest in said)
        wants.append(want)
    checks.true("inception: the rules differ", abs(wants[0] / wants[1] - 1) > 0.02)


with tempfile.TemporaryDirectory() as work:
    for number, kind in enumerate(("one/a", "one/b", "two/x", "two/y", "two/z")):
        folder = os.path.join(work, kind)
        os.makedirs(folder)
        for i, picture in enumerate(files.smooth_pictures(6, SIZE, 3, seed=number)):
            files.write_png("%s/%d.png" % (folder, i), picture)
    data = "%s/one,%s/two" % (work, work)
    single_steps(data, work + "/f32")
    if device == "cpu":
        whole_run(data, work + "/f64")
        distances(work, work + "/f32")
        scores(work, work + "/f32")
        inception(work)
checks.finish()
