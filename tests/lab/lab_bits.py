#!/usr/bin/env python3
"""Compares docs/lab/wasm.js with the native build of the same sources, bit by bit, in node. Usage: LAB_SCRIPT=... lab_bits.py

A difference means that the committed module is older than the sources: run scripts/build_lab.sh. Exit code 77 without node.
"""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LAB = HERE.parent.parent / "docs" / "lab"
MOST_BYTES = 4_000_000


def output(command, **settings):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings})
    if done.returncode != 0:
        sys.exit("%s: %s" % (pathlib.Path(str(command[0])).name, done.stderr.strip()))
    return done.stdout.splitlines()


def main():
    size = sum(path.stat().st_size for path in LAB.iterdir())
    assert size < MOST_BYTES, "docs/lab has %d bytes; the limit is %d" % (size, MOST_BYTES)
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        print("skipped: node is not installed (Debian's package nodejs), so the lab's bits are not compared")
        return 77
    script = HERE / "bits.txt"
    # The module's kernels are the portable ones: products and sums are separate roundings.
    native = output([os.environ["LAB_SCRIPT"], script], SUMI_CPU_ISA="baseline", OMP_NUM_THREADS="1")
    module = output([node, HERE / "run_script.js", script, LAB])
    assert len(native) == len(module) == sum(line.startswith("get ") for line in script.read_text().splitlines())
    for number, (ours, theirs) in enumerate(zip(native, module), 1):
        assert ours == theirs, ("tensor %d: native '%s', WebAssembly '%s'; if the sources changed, run scripts/build_lab.sh"
                                % (number, ours, theirs))
    print("lab: %d tensors with the same bits, natively and as WebAssembly; docs/lab has %.1f MB" % (len(native), size / 1e6))
    return 0


if __name__ == "__main__":
    sys.exit(main())
