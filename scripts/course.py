#!/usr/bin/env python3
"""The first lines of the lessons follow from the table in docs/learn/README.md (and docs/learn/zh/README.md).

Usage: course.py            writes them
       course.py --check    finds lessons whose line differs, that have no picture, or no exercises with folded solutions
       course.py --self-test
"""
import pathlib
import re
import sys
import textwrap

import repo

COURSES = {"docs/learn": ("Before", "all lessons", "Next", "{} minutes", "What comes out"),
           "docs/learn/zh": ("上一课", "全部课程", "下一课", "{} 分钟", "结果")}
ROW = re.compile(r"^\| *(\d*) *\| \[([^]]+)\]\(([\w.-]+\.md)\) \| (\d+) \| (.+?) \|$", re.M)
START = "<!-- course -->"


def rows(index):
    """(number, title, file, minutes, result) of every lesson of an index, in order."""
    return ROW.findall(index)


def first_lines(table, at, words):
    before, all_lessons, after, minutes, result = words
    _, _, _, time, comes_out = table[at]
    parts = [f"[{before}: {table[at - 1][1]}]({table[at - 1][2]})"] if at > 0 else []
    parts.append(f"[{all_lessons}](README.md)")
    if at + 1 < len(table):
        parts.append(f"[{after}: {table[at + 1][1]}]({table[at + 1][2]})")
    stop = "。" if words[0] != "Before" else "."
    text = " · ".join(parts) + f" · **{minutes.format(time)}** · {result}: {comes_out}{stop}"
    if stop == "。":  # lines break between the parts
        return START + "\n" + text.replace(" · ", " ·\n") + "\n"
    return START + "\n" + "\n".join(textwrap.wrap(text, 98, break_long_words=False, break_on_hyphens=False)) + "\n"


def with_first_lines(text, lines):
    """The lesson with these lines below its heading."""
    heading, rest = text.split("\n", 1)
    if rest.lstrip("\n").startswith(START):
        rest = rest.lstrip("\n").split("\n\n", 1)[1]
    return heading + "\n\n" + lines + "\n" + rest.lstrip("\n")


def problems(name, text, lines):
    bad = [] if with_first_lines(text, lines) == text else [f"{name}: the first lines differ from the index; run scripts/course.py"]
    if not re.search(r"^!\[[^]]+\]\(", text, re.M):
        bad.append(f"{name}: there is no picture")
    if text.count("<details>") == 0 or text.count("<details>") != text.count("</details>"):
        bad.append(f"{name}: there are no exercises with folded solutions")
    return bad


def self_test():
    index = "| 1 | [One](1.md) | 5 | a thing |\n| | [Two](2.md) | 7 | more |\n"
    table = rows(index)
    assert [row[2] for row in table] == ["1.md", "2.md"], table
    lines = first_lines(table, 0, COURSES["docs/learn"])
    assert "Before" not in lines and "Next: Two" in lines and "**5 minutes**" in lines, lines
    good = with_first_lines("# One\n\nText.\n![a](b.png)\n<details>\nx\n</details>\n", lines)
    assert with_first_lines(good, lines) == good and not problems("1.md", good, lines)
    assert len(problems("1.md", good, first_lines(table, 1, COURSES["docs/learn"]))) == 1
    assert len(problems("1.md", good.replace("![a]", "[a]").replace("<details>", ""), lines)) == 2
    print("course --self-test: planted mistakes found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    bad, count = [], 0
    for folder, words in COURSES.items():
        index = pathlib.Path(repo.ROOT) / folder / "README.md"
        if not index.exists():
            continue
        table = rows(index.read_text(encoding="utf-8"))
        listed = {row[2] for row in table} | {"README.md", "teaching.md"}
        bad += [f"{folder}/{path.name}: not in the index" for path in index.parent.glob("*.md") if path.name not in listed]
        for at, row in enumerate(table):
            path, lines = index.parent / row[2], first_lines(table, at, words)
            if not path.exists():
                bad.append(f"{folder}/README.md: there is no {row[2]}")
                continue
            text = path.read_text(encoding="utf-8")
            count += 1
            if sys.argv[1:] == ["--check"]:
                bad += problems(f"{folder}/{row[2]}", text, lines)
            else:
                path.write_text(with_first_lines(text, lines), encoding="utf-8")
    repo.finish("course", bad, count)


if __name__ == "__main__":
    main()
