#!/usr/bin/env python3
"""Runs the commands of the documents. Usage: smoke.py SUMI [DOCUMENT...] | smoke.py --texts | smoke.py --self-test

Fenced blocks of README.md, docs/learn/*.md and docs/recipes.md, in order, one scratch directory per document:
  ```sh ci   runs (bash -euo pipefail), with `sumi` on the PATH and the project's files in the directory
  ```sh      is only parsed: every `sumi COMMAND --option` in it must be listed by `sumi COMMAND --help`
  (docs/learn/zh repeats the commands of docs/learn in Chinese and is only parsed)
  ```cpp FILE  in docs/learn is an excerpt: its parts, separated by lines of `...`, occur in FILE in this order, up to white space
Every `Class::member`, every path in backquotes and every relative link in Markdown must exist. Every run directory is created
once across README.md (or README.zh.md), the lessons and the recipes. Every subcommand of `sumi --help` must occur in a block
that runs (unless documents are named). --texts runs the checks that need no program: excerpts, names, links, directories.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

import repo

FENCE = re.compile(r"^```(\S*)[ \t]*(.*?)[ \t]*$")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*|-[a-zA-Z])(?![a-zA-Z0-9])")


def blocks(text, language="sh"):
    """(line, tags, body) of every fenced block of that language."""
    found, start, tags, body = [], None, None, []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if fence and tags is None:
            start, tags, body = number, [fence[1], *fence[2].split()], []
        elif fence and not fence[1]:
            if tags[0] == language:
                found.append((start, tags[1:], "\n".join(body) + "\n"))
            tags = None
        elif tags is not None:
            body.append(line)
    return found


def sumi_commands(body):
    """The argument lists of every call of sumi in a block."""
    calls = []
    for line in body.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
        lexer.whitespace_split = True
        words = []
        for word in [*lexer, ";"]:
            if not set(word) <= set("|&;()"):
                words.append(word)
                continue
            while words and "=" in words[0]:  # VARIABLE=value before the program
                words.pop(0)
            if words and words[0].split("/")[-1] == "sumi":
                calls.append(words[1:])
            words = []
    return calls


def unknown(call, help_of):
    """The options of `sumi CALL...` that its help does not list. help_of(words) is a help text, or None."""
    if not call or call[0].startswith("-"):
        text, options = help_of([]), call
    else:
        text, options = help_of(call[:1]), call[1:]
        if text is None:
            return [f"sumi {call[0]}"]
        if options and re.fullmatch(r"[a-z][\w-]*", options[0]):
            text += help_of(call[:2]) or ""
    known = set(OPTION.findall(text or "")) | {"--help", "-h", "--version"}
    used = [word.split("=")[0].replace("_", "-") for word in options
            if re.match(r"--?[a-zA-Z]", word)]
    return [f"sumi {' '.join(call[:1])} {word}" for word in used if word not in known]


def subcommands(text):
    """The names under "Subcommands:" or "Commands:" in the page of `sumi --help`."""
    match = re.search(r"^(?:sub)?commands:?[ ]*\n((?:[ \t]+\S.*\n|[ \t]*\n)+)", text + "\n", re.M | re.I)
    return re.findall(r"^ {1,4}([a-z][a-z-]*)\b", match[1], re.M) if match else []


def squeezed(text):
    return " ".join(text.split())


def missing_pieces(body, source):
    """The parts of an excerpt that are not in the source, or in another order."""
    rest, missing = squeezed(source), []
    for piece in re.split(r"^\s*\.\.\.\s*$", body, flags=re.M):
        piece = squeezed(piece)
        at = rest.find(piece)
        if at < 0:
            missing.append(piece)
        else:
            rest = rest[at + len(piece):]
    return missing


def bad_excerpts(name, text, read):
    """Problems of the excerpts of a document. read(path) is a file's text, or None."""
    bad = []
    for line, tags, body in blocks(text, "cpp"):
        source = read(tags[0]) if len(tags) == 1 else None
        if source is None:
            bad.append(f"{name}:{line}: an excerpt needs its file: ```cpp FILE")
        else:
            bad += [f"{name}:{line}: {tags[0]} does not have `{piece}`" for piece in missing_pieces(body, source)]
    return bad


def bad_names(name, text, sources):
    """Names and paths in backquotes that are not in the sources, a dictionary from path to text."""
    bad, code = [], re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for word in re.findall(r"`([^`\n]+)`", code):
        member = re.fullmatch(r"(\w+)::(\w+)", word)
        if member:
            inside = re.compile(rf"^(class|struct) {member[1]}\b[^\n;]*\{{.*?\b{member[2]}[ ]*[({{;=,].*?^\}};", re.S | re.M)
            if not any(word in source or inside.search(re.sub("//.*", "", source)) for source in sources.values()):
                bad.append(f"{name}: there is no `{word}` in the sources")
        elif re.fullmatch(r"(?:[a-z_]+/)+[\w.-]+\.(?:cpp|h|cu|cuh|py|sh|md)", word) and word not in sources:
            bad.append(f"{name}: there is no file {word}")
    return bad


def bad_tree(name, text, files):
    """Files and directories of a tree in a fenced block (the lines that begin with one, indented by two) that do not exist."""
    bad, paths = [], []
    for body in re.findall(r"^```\n(kernels/ .*?)^```$", text, re.M | re.S):
        for line in body.splitlines():
            entry = re.match(r"((?:  )?(?:  )?)(\S+/)(?=[ \n]|$)", line)
            if entry:
                level = len(entry[1]) // 2
                paths = paths[:level] + [entry[2]]
                for directory in re.findall(r"[\w.]+/", line[:line.index("  ", len(entry[0])) if "  " in line[len(entry[0]):] else None]):
                    whole = "".join(paths[:level]) + directory
                    if not any(file.startswith(whole) for file in files):
                        bad.append(f"{name}: there is no directory {whole}")
        ends = {file.split("/")[-1] for file in files}
        bad += [f"{name}: there is no file {word}" for word in re.findall(r"(?<![\w.*/{}])[a-z][a-z_0-9]*\.(?:h|cpp|py|sh)\b", body)
                if word not in ends]
    return bad


def anchors(text):
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def bad_links(name, text, read):
    """Broken relative links and images. read(path) is a file's text, "" for a folder or a binary file, or None."""
    bad = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)):
        path, _, anchor = target.partition("#")
        if ":" in path:
            continue
        whole = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        there = read(whole)
        if there is None:
            bad.append(f"{name}: there is no {whole}")
        elif anchor and anchor not in anchors(there):
            bad.append(f"{name}: {whole} has no heading for #{anchor}")
    return bad


def used_twice(documents):
    """Run directories that the documents, (name, text) in reading order, create more than once."""
    made, bad = {}, []
    for name, text in documents:
        for line, _, body in blocks(text):
            for call in sumi_commands(body):
                for option, value in zip(call, call[1:]):
                    if call[0] == "train" and option == "--outdir":
                        where = f"{name}:{line}"
                        if value in made:
                            bad.append(f"{where}: {value} is made by {made[value]} already")
                        made.setdefault(value, where)
    return bad


def self_test_documents():
    source = "int f() {\n  return  1;\n}\nint g() { return 2; }\nstruct S {  // its count;\n  int size() const;\n};\n"
    excerpt = "```cpp a.cpp\n%s\n```\n"
    for body, problems in [("return 1;\n...\nint g() {", 0), ("int g() {\n...\nreturn 1;", 1), ("return 3;", 1)]:
        assert len(bad_excerpts("d", excerpt % body, {"a.cpp": source}.get)) == problems, body
    assert bad_excerpts("d", "```cpp\nint f()\n```\n", {}.get) and bad_excerpts("d", excerpt % "f", {}.get)
    text = "`S::size` in `engine/a.h`, not `S::count` of `engine/b.h`\n```cpp\n`X::y`\n```\n"
    assert len(bad_names("d", text, {"engine/a.h": source})) == 2, bad_names("d", text, {"engine/a.h": source})
    tree = "```\nkernels/          compute\n  base/           x\n  conv.h gemm.h   y\n    a/ b/         z\n```\n"
    assert not bad_tree("d", tree, ["kernels/base/a/conv.h", "kernels/base/b/gemm.h"])
    assert len(bad_tree("d", tree, ["kernels/base/a/conv.h"])) == 2
    pages = {"docs/a.md": "# The `b`: c, d\n", "docs": ""}.get
    assert not bad_links("docs/b.md", "[x](a.md#the-b-c-d) ![y](../docs) [z](https://a.b/c)", pages)
    assert len(bad_links("docs/b.md", "[x](a.md#the-b) [y](c.md)", pages)) == 2
    train = "```sh\nsumi train dcgan --outdir runs/a\nsumi train --resume runs/a\n```\n"
    assert not used_twice([("one", train)]) and len(used_twice([("one", train), ("two", train)])) == 1


def self_test():
    self_test_documents()
    fake = {(): "Subcommands:\n  train    trains\n  generate draws\n\nMore\n", ("train",): "  --data DIR\n  -m,--model M\n",
            ("train", "wgan-gp"): "  --ngf N\n"}.get
    text = "a\n```sh ci\nsumi train wgan-gp \\\n  --data x --ngf 3 && X=1 sumi train -q\n```\n```text\nsumi bad\n```\n```sh\n" \
           "./sumi paint # no\necho sumi --nonsense | sumi train --data_x=3\n```\n"
    parsed = blocks(text)
    assert [block[:2] for block in parsed] == [(2, ["ci"]), (9, [])], parsed
    wrong = [[bad for call in sumi_commands(body) for bad in unknown(call, lambda words: fake(tuple(words)))]
             for _, _, body in parsed]
    assert wrong == [["sumi train -q"], ["sumi paint", "sumi train --data-x"]], wrong
    assert subcommands(fake(())) == ["train", "generate"], subcommands(fake(()))
    with tempfile.TemporaryDirectory() as scratch:
        for body, fails in [("true\nfalse\ntrue\n", True), ("false | true\n", True), ("true\n", False)]:
            assert bool(run(body, scratch, os.environ)[0]) == fails, body
    print("smoke --self-test: planted mistakes found")


def run(body, directory, environment):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=directory, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def prepare(scratch, sumi):
    """The project's files and programs (links) and an environment in which `sumi` is the program under test."""
    for entry in sorted({name.split("/")[0] for name in repo.files()}):
        os.symlink(repo.ROOT / entry, pathlib.Path(scratch) / entry)
    os.makedirs(pathlib.Path(scratch) / "build")
    os.symlink(sumi.parent, pathlib.Path(scratch) / "build/release")
    os.symlink(sumi, pathlib.Path(scratch) / "sumi")
    return {**os.environ, "PATH": f"{sumi.parent}:{os.environ['PATH']}"}


def check_texts(documents):
    """Problems of the documents that are found without running anything."""
    texts = {os.path.relpath(path, repo.ROOT): path.read_text(encoding="utf-8") for path in documents}
    sources = {name: (repo.ROOT / name).read_text(encoding="utf-8") for name in repo.files()
               if name.endswith((".cpp", ".h", ".cu", ".cuh", ".py", ".sh", ".md"))}
    bad = []
    for name, text in texts.items():
        if name.startswith("docs/learn/"):
            bad += bad_excerpts(name, text, sources.get)
    for name in sorted(name for name in sources if name.endswith(".md")):
        bad += bad_names(name, sources[name], sources) + bad_tree(name, sources[name], sources)
        bad += bad_links(name, sources[name], lambda path: sources.get(path, "" if (repo.ROOT / path).exists() else None))
    for others in (("README.md", "docs/learn/zh/"), ("README.zh.md", "docs/learn/zh/"), ("README", "docs/learn/0", "docs/learn/1-",
                   "docs/learn/2", "docs/learn/3", "docs/learn/4")):
        bad += used_twice([(name, text) for name, text in texts.items() if not name.startswith(others)])
    return sorted(set(bad))


def all_documents():
    paths = [repo.ROOT / "README.md", repo.ROOT / "README.zh.md", *sorted((repo.ROOT / "docs/learn").glob("**/*.md")),
             repo.ROOT / "docs/recipes.md"]
    return [path for path in paths if path.exists()]


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    if sys.argv[1:] == ["--texts"]:
        documents = all_documents()
        repo.finish("smoke --texts", check_texts(documents), len(documents))
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sumi = pathlib.Path(sys.argv[1]).resolve()
    documents = [pathlib.Path(name).resolve() for name in sys.argv[2:]] or all_documents()

    helps = {}
    def help_of(words):
        key = tuple(words)
        if key not in helps:
            done = subprocess.run([sumi, *words, "--help"], capture_output=True, text=True, check=False)
            helps[key] = done.stdout if done.returncode == 0 else None
        return helps[key]

    commands = subcommands(help_of([]) or "")
    passed, failures, seen = 0, check_texts(documents), set()
    if not commands:
        failures.append("`sumi --help` lists no subcommands")
    for document in documents:
        name = os.path.relpath(document, repo.ROOT)
        with tempfile.TemporaryDirectory() as scratch:
            environment = prepare(scratch, sumi)
            for line, tags, body in blocks(document.read_text(encoding="utf-8")):
                where, start = f"{name}:{line}", time.monotonic()
                if "yours" in tags:  # of a changed sumi: scripts/follow_yours.py
                    continue
                bad = [f"{where}: {word} is not in the help" for call in sumi_commands(body)
                       for word in unknown(call, help_of)]
                if not bad and "ci" in tags:
                    seen |= {call[0] for call in sumi_commands(body) if call}
                    status, printed = run(body, scratch, environment)
                    if status:
                        bad = [f"{where}: exit code {status}"]
                        print(body + "--- printed:", *printed.splitlines()[-40:], sep="\n")
                failures += bad
                passed += not bad
                verb = "ran" if "ci" in tags else "read"
                print(f"smoke: {where} {'FAILED' if bad else verb} in {time.monotonic() - start:.1f} s", flush=True)
    if not sys.argv[2:]:
        failures += [f"no block that runs calls `sumi {command}`" for command in commands if command not in seen]
    for failure in failures:
        print("smoke: " + failure)
    print(f"smoke: {passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
