#!/usr/bin/env python3
"""Follows docs/learn/16-yours.md to the letter, in a copy of the files that it changes: creates its new files, applies its
changes, compiles them, links them with the libraries of a build, and runs its programs and commands.

Usage: follow_yours.py CXX BUILD_DIRECTORY [--draw] | follow_yours.py --self-test

--draw draws the page's diagram again (needs Graphviz); without it the diagram must be that of the new model.
The copied sources are compiled without optimization. Their definitions come before those of the libraries, of which the
linker then takes the rest (--allow-multiple-definition).
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import diagrams

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = "docs/learn/16-yours.md"
DIAGRAM = ROOT / "docs/images/lessons/swish-gan.svg"


def blocks(text):
    """(language, argument, body) of every fenced block that has an argument."""
    return re.findall(r"^```(\S+) (.+?)\n(.*?)^```$", text, re.M | re.S)


def changed(text, change):
    """The text after a change: lines with " ", "-" and "+". The first two kinds must stand there once, one below the other."""
    lines = change.rstrip("\n").split("\n")
    before = "\n".join(line[1:] for line in lines if line[0] in " -") + "\n"
    after = "\n".join(line[1:] for line in lines if line[0] in " +") + "\n"
    if text.count(before) != 1:
        sys.exit(f"{PAGE}: these lines stand there {text.count(before)} times:\n{before}")
    return text.replace(before, after)


def self_test():
    page = "```c++ new a.cpp\nint a;\n```\ntext\n```sh\nno\n```\n```diff b.h\n x\n-y\n+z\n```\n"
    assert blocks(page) == [("c++", "new a.cpp", "int a;\n"), ("diff", "b.h", " x\n-y\n+z\n")], blocks(page)
    assert changed("w\nx\ny\nv\n", " x\n-y\n+z\n") == "w\nx\nz\nv\n"
    for text in ("x\n", "x\ny\nx\ny\n"):
        try:
            changed(text, " x\n-y\n+z\n")
        except SystemExit:
            continue
        raise AssertionError(text)
    print("follow_yours --self-test: planted mistakes found")


def link_line(build):
    """Libraries of the program sumi, from the build's own rules."""
    rules = (build / "build.ninja").read_text(encoding="utf-8")
    libraries = re.search(r"^build sumi: .*?^  LINK_LIBRARIES = (.*?)$", rules, re.M | re.S)[1].split()
    return [str(build / word) if word.endswith(".a") and not os.path.isabs(word) else word for word in libraries
            if not word.startswith("-Wl,-rpath")]


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    compiler, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        programs, commands, sources = [], [], set()
        for language, argument, body in blocks((ROOT / PAGE).read_text(encoding="utf-8")):
            kind, _, name = argument.rpartition(" ")
            path = scratch / name
            if language == "diff":
                text = (path if path.exists() else ROOT / name).read_text(encoding="utf-8")
                body = changed(text, body)
            elif language == "sh" and argument == "yours":
                commands.append(body)
                continue
            elif language != "c++":
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
            if kind == "program":
                programs.append(path)
            elif name.endswith(".cpp"):
                sources.add(path)
        assert programs and commands and len(sources) > 5, "the page has blocks of each kind"

        def compiled(path):
            subprocess.run([compiler, "-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror", "-DFMT_SHARED", f"-I{scratch}", f"-I{ROOT}",
                            "-isystem", ROOT / "kernels/emu/include", "-c", path, "-o", path.with_suffix(".o")], check=True)
            return path.with_suffix(".o")

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            objects = list(pool.map(compiled, sorted(sources) + programs))
        shared, libraries = objects[:len(sources)], link_line(build)
        (scratch / "bin").mkdir()
        mains = {path.stem: [path.with_suffix(".o")] for path in programs}
        mains["sumi"] = [build / "tools/CMakeFiles/sumi.dir/main.cpp.o"]
        for name, own in mains.items():
            subprocess.run([compiler, *own, *shared, "-Wl,--allow-multiple-definition", *libraries, "-o", scratch / "bin" / name],
                           check=True)
        for module in build.glob("sumi_*.so"):
            (scratch / "bin" / module.name).symlink_to(module)
        for name in ("samples", "weights"):
            (scratch / name).symlink_to(ROOT / name)
        for path in programs:
            subprocess.run([scratch / "bin" / path.stem], check=True)
        environment = {**os.environ, "PATH": f"{scratch / 'bin'}:{os.environ['PATH']}"}
        for body in commands:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=scratch, env=environment, text=True, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                sys.exit(f"{PAGE}: exit code {done.returncode}\n{body}{done.stdout}")
        draw = [scratch / "bin/sumi", "models", "swish-gan", "--diagram", "--net", "g"]
        if sys.argv[3:] == ["--draw"]:
            subprocess.run([*draw, "-o", DIAGRAM], check=True)
        dot = subprocess.run(draw, check=True, capture_output=True, text=True).stdout
        stale = diagrams.differences(DIAGRAM.name, dot, DIAGRAM.read_text(encoding="utf-8"))
        assert not stale, stale
        head = (scratch / "head.run").read_bytes()
        assert head.startswith(b"INKRUN1\n") and (scratch / "again.png").exists() and (scratch / "lesson16.png").exists()
        print(f"{PAGE}: {len(sources)} files of the library, {len(programs)} programs; head.run has {len(head)} bytes")


if __name__ == "__main__":
    main()
