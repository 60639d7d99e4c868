#!/usr/bin/env python3
"""Times in PyTorch (cuDNN, cuBLAS) the convolutions and products that bench_kernels printed, line for line.

bench_kernels --device cuda | torch_kernels.py [--tf32] [--device cuda|cpu]

Reads names and geometries ("n16h64w64c3k64r4s4u2p1" with fprop, dgrad or wgrad; "b1m64n64k64nn") and prints lines of the
same form, in channels_last, the faster of cuDNN's algorithms as it finds it. Lines it does not know are left out.
"""
import argparse
import re
import sys
import time

import torch

LINE = re.compile(r"^(?P<name>.{20}) (?P<part>fprop|dgrad|wgrad|f32) +(?P<geometry>\S+) +best ")
CONV = re.compile(r"^n(\d+)h(\d+)w(\d+)c(\d+)k(\d+)r(\d+)s(\d+)u(\d+)p(\d+)$")
GEMM = re.compile(r"^b1m(\d+)n(\d+)k(\d+)nn$")


def conv_work(geometry, part, device):
    """(what to run, GFLOP of it), or None."""
    match = CONV.match(geometry)
    if not match:
        return None
    n, h, w, c, k, r, s, stride, pad = map(int, match.groups())

    def random(*shape):
        return torch.rand(*shape, device=device).mul_(2).sub_(1).contiguous(memory_format=torch.channels_last)
    x, weight = random(n, c, h, w), random(k, c, r, s)
    y = torch.nn.functional.conv2d(x, weight, stride=stride, padding=pad)
    gflop = 2e-9 * y.numel() * c * r * s
    if part == "fprop":
        return lambda: torch.nn.functional.conv2d(x, weight, stride=stride, padding=pad), gflop
    dy = random(*y.shape)
    mask = [part == "dgrad", part == "wgrad", False]
    return lambda: torch.ops.aten.convolution_backward(
        dy, x, weight, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, mask), gflop


def gemm_work(geometry, device):
    match = GEMM.match(geometry)
    if not match:
        return None
    m, n, k = map(int, match.groups())
    a, b = torch.rand(m, k, device=device), torch.rand(k, n, device=device)
    return lambda: a @ b, 2e-9 * m * n * k


def milliseconds(work, count, device):
    if device == "cpu":
        start = time.perf_counter()
        for _ in range(count):
            work()
        return 1000 * (time.perf_counter() - start) / count
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for _ in range(count):
        work()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / count


def measure(work, device):
    for _ in range(3):  # cuDNN tries its algorithms
        work()
    once = milliseconds(work, 1, device)
    together = 1 if once > 1 else int(1 / (once + 1e-3)) + 1
    times = []
    while len(times) < 7 or (sum(times) * together < 300 and len(times) < 200):
        times.append(milliseconds(work, together, device))
    return sorted(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--tf32", action="store_true")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch_kernels: this PyTorch cannot use a CUDA device")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.tf32
    for line in sys.stdin:
        match = LINE.match(line)
        if not match:
            continue
        name, part, geometry = match.group("name"), match.group("part"), match.group("geometry")
        found = gemm_work(geometry, args.device) if part == "f32" else conv_work(geometry, part, args.device)
        if not found:
            continue
        times = measure(found[0], args.device)
        print("%s %-6s %-28s best %8.4f median %8.4f ms %8.1f GFLOP/s  torch%s" % (
            name, part, geometry, times[0], times[len(times) // 2], 1e3 * found[1] / times[0],
            " TF32" if args.tf32 else ""), flush=True)


if __name__ == "__main__":
    main()
