#!/usr/bin/env python3
"""Limits the length of source files and the size of the samples. Usage: check_sizes.py [--self-test]"""
import sys

import repo

LINES, TOOL_LINES = 400, 150
SAMPLES_BYTES = 8 << 20
SOURCES = (".h", ".cpp", ".cu", ".cuh", ".py", ".sh", ".cmake", "CMakeLists.txt", ".ci/run")
NOT_OURS = ()  # no exceptions


def check(given):
    """`given`: {path: lines of a source, or bytes of a sample}."""
    problems = []
    for name, count in given.items():
        # A subcommand is a .cpp in tools/ without a header of its own.
        subcommand = name.startswith("tools/") and name.endswith(".cpp") and name[:-4] + ".h" not in given
        limit = TOOL_LINES if subcommand else LINES
        if name.endswith(SOURCES) and name not in NOT_OURS and count > limit:
            problems.append(f"{name}: {count} lines, at most {limit}")
    samples = sum(count for name, count in given.items() if name.startswith("samples/"))
    if samples >= SAMPLES_BYTES:
        problems.append(f"samples/: {samples} bytes, at most {SAMPLES_BYTES}")
    return problems


CASES = [
    ({"engine/tensor.cpp": 400}, 0),
    ({"engine/tensor.cpp": 401, "kernels/conv.h": 12}, 1),
    ({"tools/train.cpp": 150}, 0),
    ({"tools/train.cpp": 151, "engine/CMakeLists.txt": 401}, 2),
    ({"tools/cli/progress.cpp": 151, "tools/cli/progress.h": 20}, 0),
    ({"README.md": 5000}, 0),
    ({"samples/a.png": SAMPLES_BYTES // 2, "samples/b.png": SAMPLES_BYTES // 2 - 1}, 0),
    ({"samples/a.png": SAMPLES_BYTES // 2, "samples/b.png": SAMPLES_BYTES // 2}, 1),
]


def measure(name):
    path = repo.ROOT / name
    if name.startswith("samples/"):
        return path.stat().st_size
    return len(path.read_bytes().splitlines()) if name.endswith(SOURCES) else 0


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        repo.self_test("check_sizes", CASES, check)
    measured = {name: measure(name) for name in repo.files()}
    repo.finish("check_sizes", check(measured), len(measured))
