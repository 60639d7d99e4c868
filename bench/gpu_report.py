#!/usr/bin/env python3
"""A page in Markdown of what bench/gpu_check.sh left in OUT.

gpu_report.py OUT > bench/results/DATE-DEVICE.md
gpu_report.py --self-test
"""
import json
import pathlib
import re
import sys
import tempfile

ROW = re.compile(r"^(?P<name>.{20}) (?P<part>.{6}) (?P<geometry>.{28}) best +(?P<best>[\d.]+) median +(?P<median>[\d.]+) ms"
                 r" +(?P<rate>[\d.]+) (?P<unit>GFLOP/s|GB/s) *(?P<ran>.*)$")
DOCTEST = re.compile(r"^\[doctest\] (test cases|assertions): +(\d+) \| +(\d+) passed \| +(\d+) failed")


def lines_of(folder, name):
    path = folder / (name + ".txt")
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def objects(lines):
    """The lines that are JSON objects."""
    found = []
    for line in lines:
        if line.startswith("{"):
            try:
                found.append(json.loads(line))
            except ValueError:  # the last line of a run that was stopped
                pass
    return found


def table(head, rows):
    if not rows:
        return ["Nothing was measured.", ""]
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head)] + rows] + [""]


def tests(lines):
    """Rows of [program, test cases, passed, failed], and what was said of the device."""
    rows, notes, room = [], [], "?"
    for line in lines:
        if line.startswith("== "):
            room = line[3:]
        match = DOCTEST.match(line)
        if match and match.group(1) == "test cases":
            rows.append([room, match.group(2), match.group(3), match.group(4)])
        if "no CUDA device can be used" in line or line.startswith(("first step:", "no device")):
            notes.append("- " + line.strip())
    return rows, list(dict.fromkeys(notes))


def is_torch(row):
    return row["ran"].startswith("torch")


def kernels(lines):
    """Rows of the kernels, with the ratio to PyTorch where it was measured (above 1: sumi is faster)."""
    found = [match.groupdict() for match in map(ROW.match, lines) if match]
    peers = {(r["name"], r["part"], r["geometry"]): float(r["best"]) for r in found if is_torch(r)}
    rows = []
    for r in found:
        if is_torch(r):
            continue
        peer = peers.get((r["name"], r["part"], r["geometry"]))
        ratio = "%.3f" % (peer / float(r["best"])) if peer else ""
        rows.append([r["name"].strip(), r["part"].strip(), r["geometry"].strip(), r["best"], "%s %s" % (r["rate"], r["unit"]),
                     r["ran"].strip(), "%.4f" % peer if peer else "", ratio])
    return rows


def steps(lines):
    """Rows of whole steps; PyTorch in the faster of its layouts."""
    rows, cases = [], {}
    for o in objects(lines):
        cases.setdefault(o["case"], {"sumi": [], "torch": []})[o["library"].split()[0]].append(o)
    for case, sides in cases.items():
        sumi, torch = (min(sides[name], key=lambda o: o["median_ms"], default=None) for name in ("sumi", "torch"))

        def ms(o):
            return "%.3f" % o["median_ms"] if o else ""

        def mib(o):
            return "%.0f" % (o["peak_over_start"] / 2**20) if o else ""
        ratio = "%.3f" % (torch["median_ms"] / sumi["median_ms"]) if sumi and torch else ""
        rows.append([case, ms(sumi), ms(torch), ratio, mib(sumi), mib(torch), torch["setting"].split(", ", 1)[-1] if torch else ""])
    return rows


def training(lines):
    logged = [o for o in objects(lines) if "step" in o]
    if not logged:
        return ["No step was logged.", ""]
    names = [name for name in logged[-1] if name.startswith("loss")]
    rows = [[str(o["step"])] + ["%.4f" % o[name] if name in o else "" for name in names] for o in logged[:1] + logged[1:][-4:]]
    return table(["step"] + names, rows)


def page(folder):
    summary = lines_of(folder, "summary")
    facts = [line for line in summary if line and not line.startswith(":::")]
    stages = [line[4:] for line in summary if line.startswith(":::")]
    device = next((line[7:].split(",")[0] for line in facts if line.startswith("device ")), "an unknown device")
    test_rows, notes = tests(lines_of(folder, "tests"))
    sanitizer = [line for line in lines_of(folder, "sanitizer") if line.startswith(("sanitizer ", "compute-sanitizer:", "no device"))]
    text = ["# sumi on " + device, "", "Written by bench/gpu_report.py from what bench/gpu_check.sh measured.", ""]
    text += ["- " + fact for fact in facts] + ["", "## Stages", ""] + ["- " + stage for stage in stages] + ["", "## Tests", ""]
    text += table(["program", "test cases", "passed", "failed"], test_rows) + notes + ([""] if notes else [])
    text += ["## compute-sanitizer", ""] + (["- " + line for line in sanitizer] or ["Not run."]) + [""]
    text += ["## Kernels", "", "Best times. A ratio above 1: sumi is faster than PyTorch (cuDNN, cuBLAS) in the same f32.", ""]
    text += table(["kernel", "part", "shape", "ms", "rate", "what ran", "PyTorch ms", "ratio"], kernels(lines_of(folder, "kernels")))
    text += ["## Steps", "", "Medians; memory is the peak of the device's allocator.", ""]
    text += table(["work", "sumi ms", "PyTorch ms", "ratio", "sumi MiB", "PyTorch MiB", "PyTorch's setting"],
                  steps(lines_of(folder, "steps")))
    text += ["## Training", "", "The first and the last logged steps.", ""] + training(lines_of(folder, "train"))
    return "\n".join(text).rstrip() + "\n"


def self_test():
    row = "%-20s %-6s %-28s best %8.4f median %8.4f ms %8.1f %s  %s"
    step = {"case": "dcgan64", "library": "sumi", "setting": "cuda, X", "median_ms": 4.0, "peak_over_start": 2**21}
    made = {
        "summary": ["date 2031-01-02 03:04 UTC", "device Example 9, 1.2, 3 MHz", "::: build: passed in 9 s", "::: tests: FAILED after 1 s"],
        "tests": ["== test_kernels", "[doctest] test cases:  12 |  11 passed | 1 failed | 0 skipped", "first step: loss_d 1 on the CPU, 1 on CUDA"],
        "sanitizer": ["== memcheck", "========= ERROR SUMMARY: 0 errors", "sanitizer memcheck: passed"],
        "kernels": [row % ("resnet down 1, up 2", "fprop", "n1h128", 2, 3, 100, "GFLOP/s", "cuda naive"),
                    row % ("leaky_relu", "", "16x256x256x32", 0.5, 0.6, 1500, "GB/s", "50 % of stream"),
                    row % ("resnet down 1, up 2", "fprop", "n1h128", 0.5, 0.5, 400, "GFLOP/s", "torch")],
        "steps": [json.dumps(step), json.dumps(dict(step, library="torch 9", setting="X, NCHW", median_ms=3.0)),
                  json.dumps(dict(step, library="torch 9", setting="X, channels_last", median_ms=2.0)), '{"case": "cut'],
        "train": ["words", '{"step": 1, "loss_d": 1.5, "loss_g": 0.5}', '{"step": 2000, "loss_d": 0.25, "loss_g": 4}'],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        assert "Nothing was measured." in page(folder) and "No step was logged." in page(folder)
        for stage, lines in made.items():
            (folder / (stage + ".txt")).write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = page(folder)
    for wanted in ["# sumi on Example 9\n", "- tests: FAILED after 1 s\n", "| test_kernels | 12 | 11 | 1 |\n", "- sanitizer memcheck: passed\n",
                   "| resnet down 1, up 2 | fprop | n1h128 | 2.0000 | 100.0 GFLOP/s | cuda naive | 0.5000 | 0.250 |\n",
                   "| leaky_relu |  | 16x256x256x32 | 0.5000 | 1500.0 GB/s | 50 % of stream |  |  |\n",
                   "| dcgan64 | 4.000 | 2.000 | 0.500 | 2 | 2 | channels_last |\n", "| 2000 | 0.2500 | 4.0000 |\n",
                   "- first step: loss_d 1 on the CPU, 1 on CUDA\n"]:
        assert wanted in text, wanted + "not in:\n" + text
    assert text.count("| resnet") == 1
    print("gpu_report: self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    elif len(sys.argv) == 2 and pathlib.Path(sys.argv[1]).is_dir():
        sys.stdout.write(page(pathlib.Path(sys.argv[1])))
    else:
        sys.exit("usage: gpu_report.py OUT | --self-test")


if __name__ == "__main__":
    main()
