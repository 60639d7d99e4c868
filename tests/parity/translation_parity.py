"""Shared by the parity tests of translation models: options, images and comparisons."""

import re

import numpy as np
import torch

import sumi_files as files
import torch_cyclegan
import torch_gan
from torch_gan import nchw


def options(spec):
    return [word for name, value in spec.items() for word in ("--" + name.replace("_", "-"), value)]


def relative(ours, theirs):
    ours, theirs = (np.asarray(a).astype(np.float64) for a in (ours, theirs))
    return np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-30)


def loss_error(losses, floor):
    """The worst, relative to the loss or to `floor` where it is smaller; NaN if there is one. losses: {name: (theirs, ours)}."""
    return float(np.max([abs(a - b) / max(abs(a), floor) for a, b in losses.values()]))


def load_trainer(model, tensors, dtype, steps):
    """Puts the state of a checkpoint after so many steps into PyTorch's networks and optimizers."""
    for name, net in model.nets.items():
        net.to(dtype)
        torch_gan.load(net, name, tensors)
        if steps:
            torch_gan.load_adam(model.optimizer(name), net, name, tensors, steps)
    return model


def worst_gradient(model, before, after):
    """(name, relative error) of the gradient that is furthest from PyTorch's, from the checkpoints around a step."""
    idle = {"%s.%s" % (n, bias) for n, net in model.nets.items() for bias in torch_cyclegan.idle_biases(net)}
    worst = {}
    for name, theirs in model.gradients().items():
        if name in idle:
            continue
        net, rest = name.split(".", 1)
        moment = "optim.%s.m.%s" % (net, rest)
        # Adam's first moment says what the gradient was: m' = m / 2 + grad / 2.
        ours = 2 * after[moment].astype(np.float64) - before[moment]
        worst[name] = relative(torch_gan.to_torch(rest, ours, model.nets[net]), theirs)
    name = max(worst, key=lambda n: np.inf if np.isnan(worst[n]) else worst[n])
    return name, worst[name]


def parameters(net):
    return sum(p.numel() for p in net.parameters())


def check_plan(checks, what, plan, nets, published):
    """A model's --dry-run against PyTorch's networks by name: names, shapes, and the published counts."""
    sections, name = {}, None
    for line in plan.splitlines():
        head = re.match(r"(\w+) .* ([\d,]+) parameters", line)
        row = re.match(r" +(\S+) +(\d+)x(\d+)x(\d+)x(\d+) ", line)
        if head:
            name = head.group(1)
            sections[name] = (int(head.group(2).replace(",", "")), {})
        elif row and name:
            sections[name][1][row.group(1)] = tuple(map(int, row.groups()[1:]))
    for name, net in nets.items():
        count, shapes = sections.get(name, (0, {}))
        theirs = {k: (1, 1, 1, *p.shape) if p.dim() == 1 else tuple(p.permute(0, 2, 3, 1).shape)
                  for k, p in net.named_parameters()}
        expected = published.get(name) or parameters(net)
        checks.true("%s, %s: %d parameters" % (what, name, expected), count == parameters(net) == expected)
        checks.true("%s, %s: names and shapes" % (what, name), shapes == theirs)


def exported(checkpoint, net, path):
    files.sumi("export", "-m", checkpoint, "--net", net, "--layout", "torch", "-o", path)
    return files.read_safetensors(path)[0]
