"""Inception v3 up to its descriptor in PyTorch, after Szegedy 2015, with torchvision's names; random weights for it."""

import numpy as np
import torch
from torch.nn import functional as F

# A convolution is (name, output channels, kernel, stride, padding). A branch is a list of such; a pool's name may come first, and a
# list in it holds convolutions that all read the same map.
SEVEN = {"h": ((7, 1), 1, (3, 0)), "w": ((1, 7), 1, (0, 3))}
THREE = {"h": ((3, 1), 1, (1, 0)), "w": ((1, 3), 1, (0, 1))}


def conv(name, out, kernel=1, stride=1, padding=0):
    return name, out, kernel if isinstance(kernel, tuple) else (kernel, kernel), stride, padding


def sevens(name, widths, directions):
    """Numbered from 1: a 1x1, then 7x1 or 1x7 each."""
    return [conv("%s_1" % name, widths[0])] + [
        conv("%s_%d" % (name, i), width, *SEVEN[d]) for i, (width, d) in enumerate(zip(widths[1:], directions), 2)]


def fork(name, ends):
    return [conv(name + ends[0], 384, *THREE["w"]), conv(name + ends[1], 384, *THREE["h"])]


def double_3x3(*last):
    return [conv("branch3x3dbl_1", 64), conv("branch3x3dbl_2", 96, 3, 1, 1), conv("branch3x3dbl_3", 96, 3, *last)]


def a(width):
    return [[conv("branch1x1", 64)], [conv("branch5x5_1", 48), conv("branch5x5_2", 64, 5, 1, 2)], double_3x3(1, 1),
            ["mean", conv("branch_pool", width)]]


def c(width):
    return [[conv("branch1x1", 192)], sevens("branch7x7", (width, width, 192), "wh"),
            sevens("branch7x7dbl", (width, width, width, width, 192), "hwhw"), ["mean", conv("branch_pool", 192)]]


def e(pool):
    return [[conv("branch1x1", 320)], [conv("branch3x3_1", 384), fork("branch3x3_2", "ab")],
            [conv("branch3x3dbl_1", 448), conv("branch3x3dbl_2", 384, 3, 1, 1), fork("branch3x3dbl_3", "ab")],
            [pool, conv("branch_pool", 192)]]


STEM = [conv("Conv2d_1a_3x3", 32, 3, 2), conv("Conv2d_2a_3x3", 32, 3), conv("Conv2d_2b_3x3", 64, 3, 1, 1), "halve",
        conv("Conv2d_3b_1x1", 80), conv("Conv2d_4a_3x3", 192, 3), "halve"]
NETWORK = [("", [STEM]), ("Mixed_5b.", a(32)), ("Mixed_5c.", a(64)), ("Mixed_5d.", a(64)),
           ("Mixed_6a.", [[conv("branch3x3", 384, 3, 2)], double_3x3(2), ["halve"]]),
           ("Mixed_6b.", c(128)), ("Mixed_6c.", c(160)), ("Mixed_6d.", c(160)), ("Mixed_6e.", c(192)),
           ("Mixed_7a.", [[conv("branch3x3_1", 192), conv("branch3x3_2", 320, 3, 2)],
                          sevens("branch7x7x3", (192, 192, 192), "wh") + [conv("branch7x7x3_4", 192, 3, 2)], ["halve"]]),
           ("Mixed_7b.", e("mean")), ("Mixed_7c.", e("last"))]


def pool(kind, x, fid):
    if kind == "halve":
        return F.max_pool2d(x, 3, 2)
    if kind == "last" and fid:
        return F.max_pool2d(x, 3, 1, 1)
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=not fid)


def walk(x, visit, fid=False):
    """`visit` makes a convolution's output: visit(x, name, out, kernel, stride, padding)."""
    for prefix, branches in NETWORK:
        parts = []
        for branch in branches:
            y = x
            for step in branch:
                if isinstance(step, str):
                    y = pool(step, y, fid)
                elif isinstance(step, list):
                    y = torch.cat([visit(y, prefix + s[0], *s[1:]) for s in step], 1)
                else:
                    y = visit(y, prefix + step[0], *step[1:])
            parts.append(y)
        x = torch.cat(parts, 1)
    return x


def random_weights(seed=1):
    """Of every tensor, as float32 arrays. The images' differences reach the end: each layer keeps the size of its input."""
    rng, tensors = np.random.default_rng(seed), {}

    def visit(x, name, out, kernel, stride, padding):
        shape = (out, x.shape[1]) + kernel
        spread = np.sqrt(2 / np.prod(shape[1:]))
        tensors[name + ".conv.weight"] = rng.standard_normal(shape, np.float32) * np.float32(spread)
        for what, low, high in (("weight", 0.8, 1.2), ("bias", -0.1, 0.3), ("running_mean", -0.2, 0.2), ("running_var", 0.5, 1.5)):
            tensors["%s.bn.%s" % (name, what)] = rng.uniform(low, high, out).astype(np.float32)
        return F.conv2d(x, torch.zeros(shape), stride=stride, padding=padding)

    with torch.no_grad():
        walk(torch.zeros(1, 3, 75, 75), visit)
    return tensors


def descriptor(tensors, x, fid):
    """[n,2048] of images [n,3,h,w] in [-1,1]."""
    def visit(y, name, out, kernel, stride, padding):
        t = {k: torch.from_numpy(tensors[name + k]) for k in (
            ".conv.weight", ".bn.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var")}
        y = F.conv2d(y, t[".conv.weight"], stride=stride, padding=padding)
        return F.relu(F.batch_norm(y, t[".bn.running_mean"], t[".bn.running_var"], t[".bn.weight"], t[".bn.bias"], eps=1e-3))

    x = F.interpolate(x.float(), (299, 299), mode="bilinear", align_corners=False)
    return walk(x, visit, fid).mean((2, 3)).double()
