#!/usr/bin/env python3
"""Formats the results of bench/gpu_check.sh in OUT as a page in Markdown.

gpu_report.py OUT > bench/results/DATE-DEVICE.md
gpu_report.py --self-test
"""
import json
import pathlib
import re
import sys
import tempfile

HEAD = re.compile(r"^(?P<op>[a-z]\w*)(?: (?P<part>[a-z]+))? (?P<problem>[a-z0-9:]*[0-9][a-z0-9:]*)(?:  \((?P<layer>.*)\))?$")
ROW = re.compile(r"^  (?P<type>\S+) +(?P<variant>\S+) +(?P<time>[\d.e+-]+ (?:s|ms|us|ns)) +(?P<spread>[\d.]+) +(?P<rate>[\d.]+ (?:GFLOP/s|GB/s))"
                 r" +(?P<roof>[\d.]+) (?P<peer> *[\d.]*) +(?P<error>\S+)  (?P<ran>.*)$")
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
    """Rows of [program, test cases, passed, failed], and the lines about the device."""
    rows, notes, room = [], [], "?"
    for line in lines:
        if line.startswith("== "):
            room = line[3:]
        match = DOCTEST.match(line)
        if match and match.group(1) == "test cases":
            rows.append([room, match.group(2), match.group(3), match.group(4)])
        if "no CUDA device can be used" in line or line.startswith(("first step:", "skipped: ")):
            notes.append("- " + line.strip())
    return rows, list(dict.fromkeys(notes))


def kernels(lines):
    """The output of sumi-bench, a table for each run: (heading, rows). Rows with wrong results keep their message."""
    tables, work = [], None
    for line in lines:
        if line.startswith("== sumi-bench "):
            tables.append((line[3:], []))
            continue
        if line.startswith(("roofline measured here", "stopped after", "note:", "sumi-bench:")) and tables:
            tables[-1][1].append(line)
        head, row = HEAD.match(line), ROW.match(line)
        if head:
            work = head.groupdict()
        elif work and tables and (row or "WRONG" in line):
            first = [("%s %s" % (work["op"], work["part"] or "")).strip(), work["problem"], work["layer"] or ""]
            tables[-1][1].append(first + [row[name].strip() for name in ROW.groupindex] if row
                                 else first + line.split(None, 2) + [""] * (len(ROW.groupindex) - 3))
    return tables


def kernel_tables(lines):
    text = []
    for heading, found in kernels(lines):
        text += ["### " + heading, ""] + ["- " + line for line in found if isinstance(line, str)] + [""]
        text += table(["kernel", "problem", "layer", "type", "variant", "time", "spread %", "rate", "roof %", "peer %", "error", "ran"],
                      [row for row in found if isinstance(row, list)])
    return text or ["Nothing was measured.", ""]


def steps(lines):
    """Rows of whole steps, one for each case and precision; PyTorch in its fastest setting."""
    rows, cases = [], {}
    for o in objects(lines):
        case = o["case"] + ", " + o["precision"]
        cases.setdefault(case, {"sumi": [], "torch": []})[o["library"].split()[0]].append(o)
    for case, sides in cases.items():
        sumi, torch = (min(sides[name], key=lambda o: o["median_ms"], default=None) for name in ("sumi", "torch"))

        def ms(o):
            return "%.3f" % o["median_ms"] if o else ""

        def mib(o):
            return "%.0f" % (o["peak_over_start"] / 2**20) if o else ""
        ratio = "%.3f" % (torch["median_ms"] / sumi["median_ms"]) if sumi and torch else ""
        rows.append([case, ms(sumi), ms(torch), ratio, mib(sumi), mib(torch), torch["setting"] if torch else ""])
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
    sanitizer = [line for line in lines_of(folder, "sanitizer") if line.startswith(("sanitizer ", "skipped: "))]
    text = ["# sumi on " + device, "", "Written by bench/gpu_report.py from the results of bench/gpu_check.sh.", ""]
    text += ["- " + fact for fact in facts] + ["", "## Stages", ""] + ["- " + stage for stage in stages] + ["", "## Tests", ""]
    text += table(["program", "test cases", "passed", "failed"], test_rows) + notes + ([""] if notes else [])
    text += ["## compute-sanitizer", ""] + (["- " + line for line in sanitizer] or ["Not run."]) + [""]
    text += ["## Kernels", "", "Medians. 'roof %': share of the device's roofline, measured on it. 'peer %': the time of cuDNN or cuBLAS "
             "in percent of the row's; above 100 sumi is faster.", ""]
    text += kernel_tables(lines_of(folder, "kernels"))
    text += ["## Steps", "", "Medians; memory is the peak of the device's allocator. PyTorch: the fastest of eager, CUDA graph and compiled, in both "
             "layouts, in the same precision.", ""]
    text += table(["work", "sumi ms", "PyTorch ms", "ratio", "sumi MiB", "PyTorch MiB", "PyTorch's setting"],
                  steps(lines_of(folder, "steps")))
    text += ["## Training", "", "The first and the last logged steps.", ""] + training(lines_of(folder, "train"))
    return "\n".join(text).rstrip() + "\n"


def self_test():
    row = "  %-7s %-15s %10s %7.1f %16s %7s %7s %8s  %s"
    step = {"case": "dcgan64", "library": "sumi", "setting": "cuda, X", "precision": "tf32", "median_ms": 4.0, "peak_over_start": 2**21}
    made = {
        "summary": ["date 2031-01-02 03:04 UTC", "device Example 9, 1.2, 3 MHz", "::: build: passed in 9 s", "::: tests: FAILED after 1 s"],
        "tests": ["== test_kernels", "[doctest] test cases:  12 |  11 passed | 1 failed | 0 skipped", "first step: loss_d 1 on the CPU, 1 on CUDA"],
        "sanitizer": ["== memcheck", "========= ERROR SUMMARY: 0 errors", "sanitizer memcheck: passed"],
        "kernels": ["== sumi-bench conv --peer", "Example 9; CUDA kernels for a GPU", "roofline measured here: 3000 GB/s", "",
                    "conv fprop n1h128w128c64k128r3s3u2p1  (cyclegan256 down 2)", "  2.4 GFLOP, 12 MB in f32, not below 36 us on this device",
                    row % ("f32", "cudnn", "500 us", 1, "4800.0 GFLOP/s", "10.1", "", "1.0e-06", "cudnn algorithm 1"),
                    row % ("f32", "naive", "2.000 ms", 1, "1200.0 GFLOP/s", "2.5", "25.0", "1.0e-06", "cuda naive"),
                    "  tf32    mma             WRONG: mma of conv is off by 0.3", "", "== sumi-bench memory",
                    "relu 8x256x256x32", row % ("f32", "auto", "500 ns", 2, "1500.0 GB/s", "50.0", "", "0.0e+00", "cuda"),
                    "stopped after 60 s"],
        "steps": [json.dumps(step), json.dumps(dict(step, precision="bf16", median_ms=1.0)), json.dumps(dict(step, library="torch 9", setting="NCHW", median_ms=3.0)),
                  json.dumps(dict(step, library="torch 9", setting="channels_last", median_ms=2.0)),
                  json.dumps(dict(step, library="torch 9", setting="NCHW", precision="bf16", median_ms=1.5)), '{"case": "cut'],
        "train": ["words", '{"step": 1, "loss_d": 1.5, "loss_g": 0.5}', '{"step": 2000, "loss_d": 0.25, "loss_g": 4}'],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        assert "Nothing was measured." in page(folder) and "No step was logged." in page(folder)
        for stage, lines in made.items():
            (folder / (stage + ".txt")).write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = page(folder)
    for wanted in ["# sumi on Example 9\n", "- tests: FAILED after 1 s\n", "| test_kernels | 12 | 11 | 1 |\n", "- sanitizer memcheck: passed\n",
                   "| conv fprop | n1h128w128c64k128r3s3u2p1 | cyclegan256 down 2 | f32 | cudnn | 500 us | 1.0 | 4800.0 GFLOP/s | 10.1 |  | 1.0e-06 |"
                   " cudnn algorithm 1 |\n",
                   "| naive | 2.000 ms | 1.0 | 1200.0 GFLOP/s | 2.5 | 25.0 | 1.0e-06 | cuda naive |\n", "| tf32 | mma | WRONG: mma of conv is off by 0.3 |",
                   "- roofline measured here: 3000 GB/s\n", "### sumi-bench memory\n\n- stopped after 60 s\n",
                   "| relu | 8x256x256x32 |  | f32 | auto | 500 ns | 2.0 | 1500.0 GB/s | 50.0 |  | 0.0e+00 | cuda |\n",
                   "| dcgan64, tf32 | 4.000 | 2.000 | 0.500 | 2 | 2 | channels_last |\n", "| dcgan64, bf16 | 1.000 | 1.500 | 1.500 | 2 | 2 | NCHW |\n",
                   "| 2000 | 0.2500 | 4.0000 |\n",
                   "- first step: loss_d 1 on the CPU, 1 on CUDA\n"]:
        assert wanted in text, wanted + "not in:\n" + text
    assert text.count("| conv fprop") == 3
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
