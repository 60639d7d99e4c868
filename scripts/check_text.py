#!/usr/bin/env python3
"""Clean text everywhere: no machine's paths, no stray blanks or tabs, no conflict marks.
Usage: check_text.py [--self-test]"""
import re
import sys

import repo

SOURCES = (".h", ".cpp", ".cu", ".cuh", ".py", ".cmake", "CMakeLists.txt", ".sh", ".json")
BINARY = (".png", ".jpg", ".jpeg", ".gif", ".gz", ".safetensors", ".exr", ".webp", ".bmp", ".tif", ".ttf", ".npz")

CORPUS = "tests/fuzz/corpus/"  # files as strangers write them

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


def check(given):
    name, text = given
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, what in RULES:
            if pattern.search(line):
                problems.append(f"{name}:{number}: {what}")
        if name.endswith(SOURCES) and TAB.search(line):
            problems.append(f"{name}:{number}: a tab in a source")
    if text and not text.endswith("\n"):
        problems.append(f"{name}: the last line does not end")
    return problems


CASES = [
    (("a.cpp", "int x;\n"), 0),
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
]

if __name__ == "__main__":
    if "--self-test" in sys.argv:
        repo.self_test("check_text", CASES, check)
    names = [name for name in repo.files() if not name.endswith(BINARY) and not name.startswith(CORPUS)]
    found = []
    for name in names:
        try:
            found += check((name, (repo.ROOT / name).read_bytes().decode("utf-8")))
        except UnicodeDecodeError:
            found.append(f"{name}: neither UTF-8 text nor a kind of file that may be binary")
    repo.finish("check_text", found, len(names))
