#!/usr/bin/env python3
"""Checks docs/learn/step-a-kernel.md: gdb stops in one chosen thread of the naive convolution, prints threadIdx and the
accumulator, and steps over a barrier of the matrix product with the same thread. Usage: gdb_steps.py PROGRAM"""
import os
import re
import shutil
import subprocess
import sys

SKIPPED = 77


def gdb(program, first, commands):
    """What gdb prints, with block and thread `first` ("0,5") before all others."""
    arguments = ["gdb", "-batch", "-nx", program]
    for command in ["set pagination off", "set debuginfod enabled off", *commands]:
        arguments += ["-ex", command]
    environment = {**os.environ, "SUMI_EMU_FIRST": first}
    environment.pop("SUMI_EMU_ORDER", None)
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=120)
    return done.stdout


def expect(text, *patterns):
    """Each pattern after the one before."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern).search(text, at)
        if not found:
            sys.exit(f"gdb_steps: no /{pattern}/ (in this order) in:\n{text}")
        at = found.end()


def line_of(source, words):
    """The number of the first line that holds `words`: the test survives edits above it."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, source), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if words in line:
                return f"{os.path.basename(source)}:{number}"
    sys.exit(f"gdb_steps: {source} has no line with {words!r}")


def convolution(program):
    store = line_of("kernels/cuda/conv/naive_fprop.cu", "y[i] = T(sum);")
    text = gdb(program, "0,5", ["break conv_fprop_naive<float>", "run", "print threadIdx.x", f"tbreak {store}", "continue",
                                "print sum", "print p", "print q", "print threadIdx.x"])
    # Pixel [1,1] of the image 0 1 2 3 / 4 5 6 0 / 1 2 3 4 / ...: its neighbors less four times itself.
    expect(text, r"conv_fprop_naive", r"\$1 = 5\b", re.escape(store.split(":")[0]), r"\$2 = -7\b", r"\$3 = 1\b", r"\$4 = 1\b",
           r"\$5 = 5\b")


def barrier(program):
    load = line_of("kernels/cuda/gemm/tiled.cu", "load_tiles(g, at, k, a, b, tiles);")
    text = gdb(program, "0,17", [f"tbreak {load}", "run", "print threadIdx", "next", "next", "print threadIdx",
                                 "print tiles.a[0][1]", "print tiles.a[1][0]"])
    # Behind the barrier the same thread reads what its neighbors loaded: a is 0 1 2 3 / 4 5 6 0 / 1 2 3 4.
    expect(text, r"\$1 = \{x = 1, y = 1, z = 0\}", r"__syncthreads", r"\$2 = \{x = 1, y = 1, z = 0\}", r"\$3 = 1\b", r"\$4 = 4\b")


def main():
    if not shutil.which("gdb"):
        print("gdb_steps: skipped, there is no gdb here")
        return SKIPPED
    convolution(sys.argv[1])
    barrier(sys.argv[1])
    print("gdb_steps: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
