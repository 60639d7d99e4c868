#!/usr/bin/env python3
"""Compares sumi and PyTorch on the same work, alternating A B A B because machines are noisy.

python3 bench/compare.py [CASE ...] [--rounds N] [--seconds S] [--threads N] [--build DIR] [--isa avx2] [--also PYTHON] [--save]

Prints a table; a ratio above 1 means that sumi is faster. "cpu ratio" compares processor time, which
a busy machine disturbs less; it is meaningful with --threads 1 only. PyTorch runs in its fastest
setting, determined first. Cases "import-..." are ONNX files of published generators with random weights (tests/graph/networks.py)
beside onnxruntime, run by the Python of the judges (third_party/install.sh test). --isa avx2 limits the instruction set of both. --also names an interpreter
with another PyTorch, measured eager and compiled, or with onnxruntime, for inference; may be repeated.
--save writes bench/results/DATE-COMMIT.json.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
CASES = ["resnet256", "cyclegan128", "dcgan64", "dcgan64b64", "dcgan32", "anime512"]
# The network in tests/graph/networks.py, height and width.
IMPORTED = {"import-animegan2-512": ("animegan2_tf", 512, 512), "import-animegan2-1080p": ("animegan2_tf", 1080, 1920),
            "import-animegan3-512": ("animegan3", 512, 512), "import-animegan3-1080p": ("animegan3", 1080, 1920),
            "import-resnet9-256": ("cyclegan", 256, 256)}
JUDGES = pathlib.Path(os.environ.get("SUMI_JUDGES") or pathlib.Path.home() / ".cache/sumi/judges") / "bin/python3"
# Debian's torch belongs to Debian's Python.
PYTHON = "/usr/bin/python3" if pathlib.Path("/usr/bin/python3").exists() else sys.executable
SETTINGS = [[], ["--channels-last"], ["--flush-denormal"], ["--channels-last", "--flush-denormal"]]
CAPS = {"avx2": {"SUMI_CPU_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}}


def run(args, command, libraries=None, required=True):
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", **CAPS.get(args.isa, {}))
    if libraries:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0 and not required:
        return None
    if done.returncode != 0:
        sys.exit("compare: %s failed:\n%s" % (" ".join(map(str, command)), done.stderr.strip()))
    return json.loads(done.stdout)


def sumi(args, case, seconds):
    return run(args, [args.build / "bench_steps", case, "--threads", str(args.threads), "--seconds", str(seconds)])


def torch(args, case, seconds, setting):
    return run(args, [PYTHON, "-B", ROOT / "bench/peers/torch_steps.py", case, "--threads", str(args.threads),
                      "--seconds", str(seconds)] + setting, args.blas)


def others(args, case):
    """The JSON results of the other interpreters; libraries that one lacks are omitted."""
    found = []
    for python in args.also:
        for script, more in (("torch_steps.py", []), ("torch_steps.py", ["--compile"]), ("onnx_steps.py", [])):
            line = run(args, [python, "-B", ROOT / "bench/peers" / script, case, "--threads", str(args.threads),
                              "--seconds", str(args.seconds)] + more, required=False)
            if line:
                found.append(line)
    return found


def best_setting(args, case):
    """PyTorch's fastest setting; each is tried twice, alternating, so that one noisy moment does not decide."""
    medians = [[] for _ in SETTINGS]
    for _ in range(2):
        for i, setting in enumerate(SETTINGS):
            medians[i].append(torch(args, case, args.seconds / 4, setting)["median_ms"])
    return SETTINGS[min(range(len(SETTINGS)), key=lambda i: min(medians[i]))]


def compare(args, case):
    if case in IMPORTED:
        return compare_imported(args, case)
    setting = best_setting(args, case)
    rounds = [(sumi(args, case, args.seconds), torch(args, case, args.seconds, setting)) for _ in range(args.rounds)]
    return summary(case, rounds, others(args, case))


def compare_imported(args, case):
    network, height, width = IMPORTED[case]
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/net.onnx"
        subprocess.run([JUDGES, "-B", ROOT / "tests/graph/networks.py", network, path], check=True)
        peer = [JUDGES, "-B", ROOT / "bench/peers/onnx_file.py", path, str(height), str(width), "--threads", str(args.threads),
                "--seconds", str(args.seconds)]
        rounds = [(sumi(args, "%s:%dx%d" % (path, height, width), args.seconds), run(args, peer)) for _ in range(args.rounds)]
    return summary(case, rounds, [])


def summary(case, rounds, more):
    ours, theirs = ([r[side] for r in rounds] for side in (0, 1))

    def middle(runs, field):
        return statistics.median(r[field] for r in runs)
    ratios = sorted(b["median_ms"] / a["median_ms"] for a, b in rounds)
    return {"case": case, "ratio": middle(theirs, "median_ms") / middle(ours, "median_ms"),
            "lowest": ratios[0], "highest": ratios[-1],
            "sumi_ms": middle(ours, "median_ms"), "torch_ms": middle(theirs, "median_ms"),
            "sumi_mib": middle(ours, "peak_over_first_step") / 2**20,
            "torch_mib": middle(theirs, "peak_over_first_step") / 2**20,
            "sumi_all_mib": middle(ours, "peak_over_start") / 2**20,
            "torch_all_mib": middle(theirs, "peak_over_start") / 2**20,
            "cpu_ratio": middle(theirs, "cpu_ms") / middle(ours, "cpu_ms"),
            "torch_setting": theirs[0]["setting"] if case not in IMPORTED else theirs[0]["library"], "rounds": rounds,
            "others": more}


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def commit():
    def git(*words):
        return subprocess.run(("git", "-C", ROOT) + words, capture_output=True, text=True, check=False).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if git("status", "--porcelain") else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="%s (all of these without CASE); %s" % (" ".join(CASES), " ".join(IMPORTED)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="per run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/ci-release",
                        help="a build with -DSUMI_BENCH=ON")
    parser.add_argument("--blas", type=pathlib.Path, metavar="DIR",
                        help="folder of the libblas.so.3 for PyTorch (OpenBLAS's)")
    parser.add_argument("--isa", choices=sorted(CAPS))
    parser.add_argument("--also", action="append", default=[], metavar="PYTHON")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    for case in args.cases:
        if case not in CASES and case not in IMPORTED:
            parser.error("no case %s; there are %s" % (case, ", ".join(CASES + list(IMPORTED))))
    if not (args.build / "bench_steps").exists():
        sys.exit("compare: %s has no bench_steps; configure it with -DSUMI_BENCH=ON and build that target" % args.build)
    print("%-22s %9s %9s %6s %13s %9s %10s %10s %16s  %s" % (
        "case", "sumi ms", "peer's ms", "ratio", "per round", "cpu ratio", "sumi MiB", "peer's MiB", "with the model",
        "peer's setting"))
    results = []
    for case in args.cases or CASES:
        r = compare(args, case)
        results.append(r)
        print("%-22s %9.1f %9.1f %6.2f %6.2f-%6.2f %9.2f %10.0f %10.0f %7.0f /%7.0f  %s" % (
            case, r["sumi_ms"], r["torch_ms"], r["ratio"], r["lowest"], r["highest"], r["cpu_ratio"], r["sumi_mib"],
            r["torch_mib"], r["sumi_all_mib"], r["torch_all_mib"], r["torch_setting"]), flush=True)
        for o in r["others"]:
            print("%-22s %9s %9.1f %6.2f %13s %9s %10s %10.0f %16s  %s, %s" % (
                "", "", o["median_ms"], o["median_ms"] / r["sumi_ms"], "", "", "", o["peak_over_first_step"] / 2**20, "",
                o["library"], o["setting"]), flush=True)
    if any(theirs.get("blas") == "reference" for r in results for _, theirs in r["rounds"]):
        print("warning: PyTorch ran on the reference BLAS, ten times slower than OpenBLAS. This is not its best setting: "
              "install libopenblas0-pthread, or pass its folder with --blas.")
    if args.save:
        folder = ROOT / "bench/results"
        folder.mkdir(exist_ok=True)
        date = datetime.date.today().isoformat()
        path = folder / ("%s-%s.json" % (date, commit()))
        about = {"date": date, "commit": commit(), "processor": processor(), "cores": os.cpu_count(),
                 "threads": args.threads, "isa": args.isa, "results": results}
        path.with_suffix(".tmp").write_text(json.dumps(about, indent=1) + "\n")
        path.with_suffix(".tmp").replace(path)
        print("wrote", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
