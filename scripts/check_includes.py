#!/usr/bin/env python3
"""Who may include whom (docs/architecture.md, "Direction of includes"). Usage: check_includes.py [--self-test]"""
import re
import sys

import repo

# The room of a file: the first of these that its path begins with.
ROOMS = ["kernels/base", "kernels/ref", "kernels/cpu", "kernels/cuda/device", "kernels/cuda", "kernels/emu",
         "kernels/peer", "kernels", "engine/io", "engine", "models", "tools", "bench", "examples", "tests"]

# What each room may include of the project. Nothing includes bench or examples; only tests include tools (to walk through
# their options) and tests.
HEADERS = ["kernels/base", "kernels"]
MAY = {
    "kernels/base": ["kernels/base"],
    "kernels": HEADERS,
    "kernels/ref": HEADERS + ["kernels/ref"],
    "kernels/cpu": HEADERS + ["kernels/cpu"],
    "kernels/cuda/device": ["kernels/cuda/device"],
    "kernels/cuda": HEADERS + ["kernels/cuda", "kernels/cuda/device"],
    "kernels/emu": ["kernels/base", "kernels/emu"],
    "kernels/peer": HEADERS + ["kernels/peer"],
    "engine": HEADERS + ["engine"],
    "engine/io": HEADERS + ["engine", "engine/io"],
    "models": ["engine", "engine/io", "models"],
    "tools": ["engine", "engine/io", "models", "tools"],
    "examples": HEADERS + ["kernels/cuda", "kernels/cuda/device", "engine", "engine/io", "models", "examples"],
    "tests": [room for room in ROOMS if room not in ("bench", "examples")],
    "bench": ROOMS,
}

# Libraries that only some rooms may touch: the header's beginning, then where it may be included.
OUTSIDE = [
    (r"OpenImageIO/", ["engine/io", "tests", "bench"], []),
    (r"(oneapi/dnnl|dnnl)", ["kernels/cpu", "tests", "bench"], []),
    (r"(webp|libheif)/", ["engine/io", "tests"], []),
    (r"lcms2", ["engine/io", "tests"], []),
    (r"CLI/", ["tools", "bench"], []),
    (r"(cudnn|cublas)", ["kernels/peer"], []),
    (r"cuda(_runtime|_runtime_api|\.h)", ["kernels/cuda", "kernels/cuda/device", "kernels/emu", "kernels/peer", "tests",
                                           "bench"],
     ["kernels/base/launch", "engine/device.", "engine/memory.", "engine/graph.", "engine/staging."]),
    (r"(torch|ATen)/", [], []),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = (".h", ".cpp", ".cu", ".cuh", ".c", ".hpp")


def room_of(name):
    return next((room for room in ROOMS if name.startswith(room + "/")), None)


def check(name, text, exists):
    """Problems of one file; `exists` tells whether a path relative to the root is a file of the project."""
    room, problems = room_of(name), []
    if room is None:
        return [f"{name}: a source outside of every room"]
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quoted, target = match[1] == '"', match[2]
        for pattern, rooms, prefixes in OUTSIDE:
            if re.match(pattern, target) and room not in rooms and not name.startswith(tuple(prefixes) or ("\0",)):
                problems.append(f"{name}:{number}: {room} must not include {target}")
        # "name" is written from the root; <sumi's own path> would escape the check.
        if room_of(target) and exists(target):
            if not quoted:
                problems.append(f'{name}:{number}: include our own files with quotes: "{target}"')
            if room_of(target) not in MAY[room]:
                problems.append(f"{name}:{number}: {room} must not include {room_of(target)} ({target})")
        elif quoted:
            problems.append(f'{name}:{number}: "{target}" is no file, seen from the project\'s root')
    return problems


CASES = [
    (("kernels/base/view.h", '#include "kernels/base/dtype.h"'), 0),
    (("kernels/base/view.h", '#include "kernels/conv.h"'), 1),
    (("kernels/conv.h", '#include "kernels/cpu/onednn.h"'), 1),
    (("kernels/ref/conv.cpp", '#include "kernels/conv.h"\n#include "kernels/cpu/onednn.h"'), 1),
    (("kernels/cpu/conv.cpp", '#include "kernels/ref/loops.h"'), 1),
    (("kernels/cpu/conv.cpp", "#include <oneapi/dnnl/dnnl.hpp>"), 0),
    (("kernels/ref/conv.cpp", "#include <oneapi/dnnl/dnnl.hpp>"), 1),
    (("engine/tensor.cpp", '#include "kernels/conv.h"\n#include "kernels/base/view.h"'), 0),
    (("engine/tensor.cpp", '#  include "kernels/cpu/onednn.h"'), 1),
    (("engine/tensor.cpp", '#include "engine/io/image.h"'), 1),
    (("engine/tensor.cpp", "#include <OpenImageIO/imageio.h>"), 1),
    (("engine/io/image.cpp", '#include <OpenImageIO/imageio.h>\n#include "engine/tensor.h"'), 0),
    (("models/dcgan.cpp", '#include "engine/tensor.h"'), 0),
    (("models/dcgan.cpp", '#include "kernels/conv.h"'), 1),
    (("tools/train.cpp", '#include "kernels/conv.h"'), 1),
    (("tools/train.cpp", '#include "models/dcgan.h"\n#include "engine/tensor.h"'), 0),
    (("models/dcgan.cpp", '#include "tools/bar.h"'), 1),
    (("engine/tensor.cpp", '#include "tests/cases/conv.h"'), 1),
    (("tests/kernels/conv.cpp", '#include "tests/cases/conv.h"\n#include "kernels/cpu/onednn.h"'), 0),
    (("tests/kernels/conv.cpp", '#include "bench/bar.h"'), 1),
    (("bench/kernels.cpp", '#include "tests/cases/conv.h"'), 0),
    (("tools/train.cpp", '#include <engine/tensor.h>'), 1),
    (("tools/train.cpp", '#include "nowhere.h"'), 1),
    (("stray.cpp", ""), 1),
]

if __name__ == "__main__":
    if "--self-test" in sys.argv:
        repo.self_test("check_includes", CASES, lambda case: check(*case, lambda path: path != "nowhere.h"))
    names = [name for name in repo.files() if name.endswith(SOURCES) and not name.startswith("tests/consumer/")]
    known = set(names)
    found = [problem for name in names
             for problem in check(name, (repo.ROOT / name).read_text(encoding="utf-8"), known.__contains__)]
    repo.finish("check_includes", found, len(names))
