#!/usr/bin/env python3
"""Includes: which directory may include which (docs/architecture.md, "Direction of includes"), no cycles inside a directory,
and every file includes the precompiled headers that it names, which the build does not notice.
Usage: check_includes.py [--self-test]"""
import re
import sys

import repo

# The room of a file: the first of these that its path begins with.
ROOMS = ["kernels/base", "kernels/ref", "kernels/cpu", "kernels/cuda/device", "kernels/cuda", "kernels/emu",
         "kernels/peer", "kernels", "engine/image/stylize", "engine/image/faces", "engine/image", "engine/data",
         "engine/page/module", "engine/page", "engine/graph/module", "engine/graph", "engine/video", "engine/animate", "engine", "models", "tools", "lab/wasm",
         "lab", "bench", "examples", "tests"]

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
    "engine/image/stylize": HEADERS + ["engine", "engine/image/stylize"],
    "engine/image/faces": HEADERS + ["engine", "engine/image/stylize", "engine/image/faces"],
    "engine/image": HEADERS + ["engine", "engine/image"],
    "engine/page": HEADERS + ["engine", "engine/image/stylize", "engine/image/faces", "engine/page"],
    "engine/page/module": ["kernels/base", "engine/page", "engine/page/module"],
    "engine/graph": HEADERS + ["engine", "engine/graph"],
    "engine/graph/module": ["kernels/base", "engine", "engine/graph", "engine/graph/module"],
    "engine/data": HEADERS + ["engine", "engine/image", "engine/data"],
    "engine/video": HEADERS + ["engine", "engine/image", "engine/image/stylize", "engine/video"],
    "engine/animate": HEADERS + ["engine", "engine/image", "engine/image/stylize", "engine/animate"],
    "models": ["engine", "engine/image", "engine/data", "engine/image/stylize", "engine/image/faces", "models"],
    "tools": ["engine", "engine/image", "engine/data", "engine/image/stylize", "engine/image/faces", "engine/page", "engine/graph",
              "engine/video", "engine/animate", "models", "tools"],
    "lab": ["engine", "engine/image/stylize", "models", "lab"],
    "lab/wasm": HEADERS,
    "examples": HEADERS + ["kernels/cuda", "kernels/cuda/device", "kernels/emu", "engine", "engine/image", "engine/data", "models", "examples"],
    "tests": [room for room in ROOMS if room not in ("bench", "examples", "lab", "lab/wasm")],
    "bench": ROOMS,
}

# Libraries that only some rooms may touch: the header's beginning, then where it may be included.
OUTSIDE = [
    (r"OpenImageIO/", ["engine/image", "tests", "bench"], []),
    (r"(oneapi/dnnl|dnnl)", ["kernels/cpu", "tests", "bench"], []),
    (r"(webp|libheif)/", ["engine/image", "engine/video", "tests"], []),
    (r"(lcms2|png\.h|jpeglib|ft2build)", ["engine/image", "tests"], []),
    (r"(cairo|pango)", ["engine/page/module"], []),
    (r"(onnx|google/protobuf)/", ["engine/graph/module"], []),
    (r"opencv2/", ["engine/image/faces", "engine/video"], []),
    (r"lib(av|sw)\w+/", ["engine/video"], []),
    (r"CLI/", ["tools", "bench"], []),
    (r"(cudnn|cublas)", ["kernels/peer"], []),
    (r"cuda(_runtime|_runtime_api|\.h)", ["kernels/cuda", "kernels/cuda/device", "kernels/emu", "kernels/peer", "tests",
                                           "bench"],
     ["kernels/base/launch", "engine/runtime/"]),
    (r"(torch|ATen)/", [], []),
]

# What sumi_precompile (CMakeLists.txt) gives to every file, and what a file that names something of it must include, itself or by
# way of our own headers: the library is also built without, by debuggers' hands and by other projects.
PRECOMPILED = {
    r"std::vector<": ["vector"],
    r"std::(string|to_string|getline)\b": ["string"],
    r"std::(multi)?map<": ["map"],
    r"std::function<": ["functional"],
    r"std::(unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared)\b": ["memory"],
    r"std::filesystem\b": ["filesystem"],
    r"fmt::": ["fmt/format.h", "fmt/core.h", "fmt/ranges.h", "fmt/chrono.h"],
    r"nlohmann::": ["nlohmann/json.hpp", "nlohmann/json_fwd.hpp"],
}
PRECOMPILED_ROOMS = ("engine/", "models/", "tools/")

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


def reached(name, text_of):
    """The headers from outside that a file includes, itself or by way of our own."""
    outside, seen, todo = set(), set(), [name]
    while todo:
        text = text_of(todo.pop())
        for match in filter(None, map(INCLUDE.match, (text or "").splitlines())):
            if match[1] == "<":
                outside.add(match[2])
            elif match[2] not in seen:
                seen.add(match[2])
                todo.append(match[2])
    return outside


def check_precompiled(name, text_of):
    """What a file names of the precompiled headers without including it."""
    if not name.startswith(PRECOMPILED_ROOMS):
        return []
    code = re.sub(r"//[^\n]*", "", text_of(name))
    have = reached(name, text_of)
    return [f"{name}: names {re.search(pattern, code)[0]} and must include <{headers[0]}>"
            for pattern, headers in PRECOMPILED.items() if re.search(pattern, code) and not have & set(headers)]


def units_of(texts):
    """The includes between units of one directory: {unit: set of units}. A unit is a header with the source of its name."""
    includes = {}
    for name, text in texts.items():
        unit, folder = name.rsplit(".", 1)[0], name.rpartition("/")[0]
        edges = includes.setdefault(unit, set())
        for match in filter(None, map(INCLUDE.match, text.splitlines())):
            target = match[2]
            if target in texts and target.rpartition("/")[0] == folder and target.rsplit(".", 1)[0] != unit:
                edges.add(target.rsplit(".", 1)[0])
    return includes


def cycles(includes):
    """The groups of units that include each other (strongly connected components, Tarjan 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(unit):
        index[unit] = low[unit] = len(index)
        stack.append(unit)
        for target in sorted(includes[unit]):
            if target not in index:
                visit(target)
            if target in stack:
                low[unit] = min(low[unit], low[target])
        if low[unit] == index[unit]:
            group = stack[stack.index(unit):]
            del stack[stack.index(unit):]
            if len(group) > 1:
                found.append(sorted(group))

    for unit in sorted(includes):
        if unit not in index:
            visit(unit)
    return found


def check_cycles(texts):
    return ["a cycle of includes: " + ", ".join(group) for group in cycles(units_of(texts))]


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
    (("engine/tensor.cpp", '#include "engine/image/image.h"'), 1),
    (("engine/tensor.cpp", "#include <OpenImageIO/imageio.h>"), 1),
    (("engine/image/image.cpp", '#include <OpenImageIO/imageio.h>\n#include "engine/tensor.h"'), 0),
    (("models/dcgan.cpp", '#include "engine/tensor.h"'), 0),
    (("models/dcgan.cpp", '#include "kernels/conv.h"'), 1),
    (("tools/train.cpp", '#include "kernels/conv.h"'), 1),
    (("tools/train.cpp", '#include "models/dcgan.h"\n#include "engine/tensor.h"'), 0),
    (("models/dcgan.cpp", '#include "tools/bar.h"'), 1),
    (("engine/tensor.cpp", '#include "tests/cases/conv.h"'), 1),
    (("tests/kernels/conv_test.cpp", '#include "tests/cases/conv.h"\n#include "kernels/cpu/onednn.h"'), 0),
    (("tests/kernels/conv_test.cpp", '#include "bench/bar.h"'), 1),
    (("bench/kernels.cpp", '#include "tests/cases/conv.h"'), 0),
    (("tools/train.cpp", '#include <engine/tensor.h>'), 1),
    (("tools/train.cpp", '#include "nowhere.h"'), 1),
    (("stray.cpp", ""), 1),
]

TREE = {
    "engine/a.h": "#include <vector>\nstd::vector<int> a;",
    "engine/a.cpp": '#include "engine/a.h"\nstd::vector<int> b;  // no std::map<',
    "engine/b.cpp": '#include "engine/a.h"\nstd::map<int, int> b; auto c = fmt::format("");',
    "tests/b.cpp": "std::map<int, int> b;",
}
TREE_CASES = [("engine/a.h", 0), ("engine/a.cpp", 0), ("engine/b.cpp", 2), ("tests/b.cpp", 0)]



def includes(*pairs):
    """Texts in which the first file of each pair includes the second."""
    texts = {name: "" for pair in pairs for name in pair}
    for name, target in pairs:
        texts[name] += f'#include "{target}"\n'
    return texts


CYCLE_CASES = [
    (includes(("engine/a.cpp", "engine/a.h"), ("engine/a.h", "engine/b.h")), 0),
    (includes(("engine/a.h", "engine/b.h"), ("engine/b.h", "engine/a.h")), 1),
    (includes(("engine/a.cpp", "engine/b.h"), ("engine/b.h", "engine/a.h")), 1),  # by way of a's source
    (includes(("engine/a.h", "engine/b.h"), ("engine/b.h", "engine/c.h"), ("engine/c.cpp", "engine/a.h")), 1),
    (includes(("engine/a.h", "engine/b.h"), ("engine/b.h", "engine/ops/a.h"), ("engine/ops/a.h", "engine/a.h")), 0),
    (includes(("engine/a.h", "engine/b.h"), ("engine/c.h", "engine/b.h"), ("engine/a.cpp", "engine/c.h")), 0),
    (includes(("models/model.h", "models/registry.h"), ("models/registry.h", "models/model.h")), 1),
]


def judge(case):
    if isinstance(case, dict):
        return check_cycles(case)
    return check(*case, lambda path: path != "nowhere.h") if isinstance(case, tuple) else check_precompiled(case, TREE.get)


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        repo.self_test("check_includes", CASES + TREE_CASES + CYCLE_CASES, judge)
    names = [name for name in repo.files() if name.endswith(SOURCES) and not name.startswith("tests/consumer/")]
    known = set(names)
    texts = {name: (repo.ROOT / name).read_text(encoding="utf-8") for name in names}
    found = [problem for name in names for problem in check(name, texts[name], known.__contains__)]
    found += [problem for name in names for problem in check_precompiled(name, texts.get)]
    found += check_cycles(texts)
    repo.finish("check_includes", found, len(names))
