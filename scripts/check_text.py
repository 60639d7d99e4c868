#!/usr/bin/env python3
"""Checks all text files: no machine's paths, stray blanks, tabs or conflict marks; American spelling; in Markdown also the
terms of the glossary and lines of 100 columns (scripts/wording.py).
Usage: check_text.py [--self-test | --comments]     --comments lists discouraged words in comments, and always passes"""
import re
import sys

import repo
import wording

SOURCES = (".h", ".cpp", ".cu", ".cuh", ".py", ".cmake", "CMakeLists.txt", ".sh", ".json")
CODE = (".h", ".cpp", ".cu", ".cuh")
BINARY = (".png", ".jpg", ".jpeg", ".gif", ".gz", ".safetensors", ".exr", ".webp", ".bmp", ".tif", ".ttf", ".npz")

CORPUS = "tests/fuzz/corpus/"  # untrusted files
# Not checked for spelling: the list of British words itself, and Chinese.
NO_SPELLING = ("scripts/wording.py", "scripts/check_text.py", "README.zh.md", "LICENSE")

# Written with [x] for one letter, so that this file does not find itself.
RULES = [
    (re.compile(r"(?<![\w.])/(wor[k]|roo[t]|hom[e])/[\w.]"), "a path of one machine"),
    (re.compile(r"/tm[p]/[\w.]"), "a path of one machine; use mktemp"),
    (re.compile(r"\b(de[b]\.debian\.org|py[p]i\.org|files\.python[h]osted)"), "a registry's host"),
    (re.compile(r"^(<{7}|>{7}|={7})( |$)"), "a conflict mark"),
    (re.compile(r"[ \t]+$"), "blanks at the end of the line"),
    (re.compile(r"\r"), "a carriage return"),
]
TAB = re.compile(r"\t")

# Comments wrap like Markdown, and models, tools and tests use its terms there; comments beside code may take the code's
# 110 columns.
COLUMNS = 100
PROSE = re.compile(r"\s*// ?\S")
WRAPPED = ("kernels/", "engine/", "bench/", "models/", "tools/", "tests/")
UNWRAPPED = ("engine/image/stylize/", "engine/image/faces/")
WORDED = ("models/", "tools/", "tests/")


def check(given):
    name, text = given
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, what in RULES:
            if pattern.search(line):
                problems.append(f"{name}:{number}: {what}")
        if name.endswith(SOURCES) and TAB.search(line):
            problems.append(f"{name}:{number}: a tab in a source")
        if name not in NO_SPELLING:
            problems += [f"{name}:{number}: `{found}`: American spelling has {american}..."
                         for found, american in wording.spelling(line)]
    if name.endswith(".md"):
        problems += wording.markdown(name, text)
    if name.endswith(CODE) and name.startswith(WRAPPED) and not name.startswith(UNWRAPPED):
        problems += [f"{name}:{number}: a comment of {len(line)} columns, at most {COLUMNS}"
                     for number, line in enumerate(text.split("\n"), 1) if PROSE.match(line) and len(line) > COLUMNS]
    if name.endswith(CODE) and name.startswith(WORDED):
        problems += comments(name, text)
    if text and not text.endswith("\n"):
        problems.append(f"{name}: the last line does not end")
    return problems


def comments(name, text):
    """Discouraged words in the comments of a C++ or CUDA source."""
    for number, line in enumerate(text.split("\n"), 1):
        comment = re.sub(r"`[^`]*`", "`x`", line.partition("// ")[2])
        for found, better in wording.vocabulary(name, comment):
            yield f"{name}:{number}: `{found}`: write {better}"


CASES = [
    (("a.cpp", "int x;\n"), 0),
    (("kernels/a.h", "// " + "word " * 20 + "\n".strip() + "x\n"), 1),
    (("kernels/a.h", "//   " + "word " * 20 + "x\nint " + "x" * 99 + ";  // word\n"), 0),
    (("a.cpp", "int x; \n"), 1),
    (("a.cpp", "\tint x;\n"), 1),
    (("table.tsv", "a\tb\n"), 0),
    (("a.cpp", "int x;"), 1),
    (("a.cpp", "int x;\r\n"), 1),
    (("a.md", "see /" + "work/main\n"), 1),
    (("a.md", "see /" + "root/x and /" + "home/me\n"), 1),
    (("a.md", "https://example.org/" + "home/page is fine\n"), 0),
    (("a.sh", "out=/" + "tmp/x\n"), 1),
    (("a.md", "<" * 7 + " HEAD\n"), 1),
    (("a.txt", "deb" + ".debian.org\n"), 1),
    (("a.cpp", "// the colours of neighbouring pixels, normalised\n"), 3),
    (("a.cpp", "loss_color, --lambda-colour, grey.png: names; a promise, a premise, emphasis, analysis, analyses\n"), 0),
    (("a.cpp", "// pictures, anew\n"), 0),
    (("models/a.h", "// pictures, anew; `picture`\nint picture;  // of what is drawn anew\n"), 3),
    (("a.md", "The picture is drawn anew.\n"), 2),
    (("a.md", "The `picture` of [it](pictures/a.md) and\n\n```\nthe picture anew\n```\n\n    anew\n"), 0),
    (("README.md", "Your pictures.\n"), 0),
    (("docs/a.md", "What it was.\n\nWhat is it?\n\n- a list. Whether it is.\n"), 2),
    (("docs/learn/a.md", "What it was.\n"), 0),
    (("docs/a.md", "It is no file. There is no file. It is no longer one.\n"), 1),
    (("a.md", "word " * 20 + "x\n"), 1),
    (("a.md", "|" + "word " * 30 + "|\n\n```\n" + "word " * 30 + "x\n```\n"), 0),
    (("a.md", "\u4e2d" * 50 + " x\n"), 1),
    (("a.md", "\u4e2d" * 50 + "\n"), 0),
]

if __name__ == "__main__":
    if "--self-test" in sys.argv:
        repo.self_test("check_text", CASES, check)
    listing = "--comments" in sys.argv
    names = [name for name in repo.files() if not name.endswith(BINARY) and not name.startswith(CORPUS)]
    found = []
    for name in names:
        try:
            text = (repo.ROOT / name).read_bytes().decode("utf-8")
            if not listing:
                found += check((name, text))
            elif name.endswith(CODE):
                print(*comments(name, text), sep="\n", end="")
        except UnicodeDecodeError:
            found.append(f"{name}: neither UTF-8 text nor a kind of file that may be binary")
    repo.finish("check_text", found, len(names))
