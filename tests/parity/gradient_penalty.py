"""Computes the WGAN-GP gradient penalty of the critic in tests/engine/nn_networks.h with PyTorch in f64.

usage: gradient_penalty.py IN OUT

IN: one tensor a line, NAME N H W C VALUES: x (NHWC) and the critic's parameters (weights KRSC).
OUT: "penalty VALUE", then for each parameter NAME and its gradient in the same layout.
"""
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
tensors = {}
with open(sys.argv[1]) as lines:
    for line in lines:
        name, *words = line.split()
        sizes = [int(w) for w in words[:4]]
        values = torch.tensor([float(w) for w in words[4:]], dtype=torch.float64)
        tensors[name] = values.reshape(sizes).requires_grad_()


def weight(name):  # KRSC to KCRS
    return tensors[name].permute(0, 3, 1, 2)


def vector(name):
    return tensors[name].reshape(-1)


def critic(x):  # NHWC, as the engine's
    y = F.conv2d(x.permute(0, 3, 1, 2), weight("main.0.weight"), vector("main.0.bias"), stride=2, padding=1)
    y = F.leaky_relu(y, 0.2)
    y = F.conv2d(y, weight("main.2.weight"), vector("main.2.bias"), stride=2, padding=1)
    # Statistics over h, w and c, gamma and beta per channel: a group norm of one group.
    y = F.group_norm(y, 1, vector("main.3.weight"), vector("main.3.bias"), eps=1e-5)
    y = F.leaky_relu(y, 0.2)
    y = y.permute(0, 2, 3, 1).reshape(len(y), -1)
    return F.linear(y, tensors["main.6.weight"].reshape(1, -1), vector("main.6.bias"))


x = tensors.pop("x")
(gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
penalty = ((gradient.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
penalty.backward()
with open(sys.argv[2], "w") as out:
    print("penalty", repr(penalty.item()), file=out)
    for name, t in tensors.items():
        grad = torch.zeros_like(t) if t.grad is None else t.grad
        print(name, *(repr(v) for v in grad.reshape(-1).tolist()), file=out)
