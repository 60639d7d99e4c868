#!/usr/bin/env python3
"""Measures how much other programs on the machine slow sumi and PyTorch down.

python3 bench/busy.py [CASE ...] [--seconds S] [--threads N] [--build DIR] [--blas DIR] [--also PYTHON]

  quiet      alone; other load during this phase makes all ratios too small
  loops      beside one endless loop for each processor
  twin       beside a second copy; the mean of both
  compilers  beside one compiler for each processor, at a lower priority (nice 10)

Each row has the mean time of a step, then time and processor time as multiples of the same program's
quiet values. When all processors are wanted twice, a fair scheduler gives twice the time and once the
processor time. --also names an interpreter with another PyTorch.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from compare import CASES, PYTHON, ROOT

USUAL = ["dcgan32", "dcgan64", "cyclegan128"]
LOOP = [sys.executable, "-c", "while True: pass"]
SOURCE = "#include <functional>\n#include <iostream>\n#include <map>\n#include <regex>\nint main() { return std::regex_match(\"a\", std::regex(\"a\")); }\n"
COMPILER = ["nice", "-n", "10", "sh", "-c", 'while :; do c++ -O2 -std=c++20 -c "$0" -o "$1"; done']


@contextlib.contextmanager
def others(commands):
    """Runs the commands while the body runs, each in its own process group, which is killed at the end."""
    running = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
               for c in commands]
    try:
        yield
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop(signum, frame):
    """Exits through the context managers, so that no command keeps running."""
    raise SystemExit(128 + signum)


def finish(command, process):
    out, err = process.communicate()
    if process.returncode != 0:
        sys.exit("busy: %s failed:\n%s" % (" ".join(map(str, command)), err.strip()))
    return json.loads(out)


def steps(command, env, copies=1):
    """Mean time and mean processor time of a step, in ms, of `copies` runs at once."""
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
               for _ in range(copies)]
    results = [finish(command, process) for process in running]
    return tuple(sum(r[field] for r in results) / copies for field in ("mean_ms", "mean_cpu_ms"))


def measure(name, command, env, folder):
    processors = len(os.sched_getaffinity(0))
    compilers = [COMPILER + [str(folder / "regex.cpp"), str(folder / ("%d.o" % i))] for i in range(processors)]
    conditions = {"quiet": ([], 1), "loops": ([LOOP] * processors, 1), "twin": ([], 2), "compilers": (compilers, 1)}
    quiet = None
    for condition, (beside, copies) in conditions.items():
        with others(beside):
            time, cpu = steps(command, env, copies)
        quiet = quiet or (time, cpu)
        print("%-12s %-14s %-10s %9.1f %9.1f %6.2f %6.2f" % (
            name[0], name[1], condition, time, cpu, time / quiet[0], cpu / quiet[1]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=" ".join(CASES))
    parser.add_argument("--seconds", type=float, default=10, help="per run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/ci-release")
    parser.add_argument("--blas", type=pathlib.Path, metavar="DIR", help="folder of the libblas.so.3 for PyTorch")
    parser.add_argument("--also", action="append", default=[], metavar="PYTHON")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    if not (args.build / "bench_steps").exists():
        sys.exit("busy: %s has no bench_steps; configure it with -DSUMI_BENCH=ON and build that target" % args.build)
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    torch_env = dict(env, LD_LIBRARY_PATH=str(args.blas)) if args.blas else env
    print("%-12s %-14s %-10s %9s %9s %6s %6s" % ("case", "program", "beside", "ms", "cpu ms", "time x", "cpu x"))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "regex.cpp").write_text(SOURCE)
        for case in args.cases or USUAL:
            options = [case, "--threads", str(args.threads), "--seconds", str(args.seconds)]
            measure((case, "sumi"), [args.build / "bench_steps"] + options, env, folder)
            for python, its_env in [(PYTHON, torch_env)] + [(p, env) for p in args.also]:
                version = subprocess.run([python, "-c", "import torch; print(torch.__version__)"], capture_output=True,
                                         text=True, env=its_env, check=False).stdout.strip()
                if not version:
                    print("%-12s %s has no torch" % (case, python))
                    continue
                measure((case, "torch " + version.split("+")[0]),
                        [python, "-B", ROOT / "bench/peers/torch_steps.py"] + options, its_env, folder)


if __name__ == "__main__":
    main()
