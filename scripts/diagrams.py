#!/usr/bin/env python3
"""The diagrams of the lessons, docs/images/diagrams/NAME.svg, made by `sumi models NAME --diagram` and Graphviz. NAME-step.svg
has the step only, NAME.NET.svg one network.

Usage: diagrams.py SUMI            draws them again (needs Graphviz)
       diagrams.py SUMI --check    finds diagrams whose labels or edges differ from the models' (needs no Graphviz)
       diagrams.py --self-test
"""
import collections
import html
import pathlib
import re
import subprocess
import sys

import repo

FOLDER = pathlib.Path(repo.ROOT) / "docs/images/diagrams"
NAME = re.compile(r"images/diagrams/([\w-]+?)(-step)?(\.\w+)?\.svg")


def wanted():
    """{file name: arguments of `sumi models`} of the diagrams in the lessons."""
    found = {}
    for path in sorted((pathlib.Path(repo.ROOT) / "docs/learn").glob("**/*.md")):
        for model, step, net in NAME.findall(path.read_text(encoding="utf-8")):
            part = ["--step"] if step else ["--net", net[1:]] if net else []
            found[f"{model}{step}{net}.svg"] = ["models", model, "--diagram", *part]
    return found


def in_dot(text):
    """The lines of all labels and the edges of a graph in DOT."""
    labels = [line for label in re.findall(r'label="((?:[^"\\]|\\.)*)"', text) for line in label.split("\\n")]
    return collections.Counter(labels), set(re.findall(r"^  (n\d+) -> (n\d+)$", text, re.M))


def in_svg(text):
    labels = [html.unescape(line).replace("\u00a0", " ") for line in re.findall(r"<text[^>]*>(.*?)</text>", text)]
    edges = {tuple(html.unescape(title).split("->")) for title in re.findall(r"<title>(n\d+&#45;&gt;n\d+)</title>", text)}
    return collections.Counter(labels), edges


def differences(name, dot, svg):
    problems = []
    for what, ours, theirs in zip(("labels", "edges"), in_dot(dot), in_svg(svg)):
        if ours != theirs:
            change = sorted(str(x) for x in set(ours) ^ set(theirs)) or ["their number"]
            problems.append(f"{name}: other {what} than the model's ({', '.join(change[:3])}); run scripts/diagrams.py")
    return problems


def self_test():
    dot = 'digraph "x" {\n  n0 [label="a\\n1 -> 2"]\n  n1 [label="b"]\n  n0 -> n1\n}\n'
    svg = ('<text x="1">a</text>\n<text>1 &#45;&gt; 2</text><text>b</text><title>n0&#45;&gt;n1</title>')
    assert differences("x", dot, svg) == [], differences("x", dot, svg)
    assert len(differences("x", dot.replace('"b"', '"c"'), svg)) == 1
    assert len(differences("x", dot.replace("n0 -> n1", "n1 -> n0"), svg)) == 1
    assert len(differences("x", dot, svg.replace("<text>b</text>", "<text>b</text><text>b</text>"))) == 1
    print("diagrams --self-test: planted mistakes found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sumi, bad = pathlib.Path(sys.argv[1]).resolve(), []
    names = wanted()
    bad += [f"docs/images/diagrams/{path.name}: in no lesson" for path in FOLDER.glob("*") if path.name not in names]
    for name, arguments in names.items():
        if sys.argv[2:] == ["--check"]:
            dot = subprocess.run([sumi, *arguments], check=True, capture_output=True, text=True).stdout
            path = FOLDER / name
            bad += differences(name, dot, path.read_text(encoding="utf-8")) if path.exists() else [f"there is no {name}"]
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            subprocess.run([sumi, *arguments, "-o", FOLDER / name], check=True)
    repo.finish("diagrams", bad, len(names))


if __name__ == "__main__":
    main()
