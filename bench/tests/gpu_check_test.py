#!/usr/bin/env python3
"""What bench/gpu_check.sh does when stages fail, hang or lack something, with programs that only pretend.

gpu_check_test.py      quick: nothing is built, trained or measured
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

SUMI = r"""
[ "$1" = devices ] && { echo "cpu pretends"; exit; }
while [ $# -gt 0 ]; do [ "$1" = --outdir ] && run=$2; shift; done
mkdir -p "$run/samples"
echo '{"step": 1, "loss_d": 1.5, "loss_g": 0.5}' >"$run/stats.jsonl"
echo image >"$run/samples/1.png"
"""
TEST = r"""
echo "[doctest] test cases: 1 | 1 passed | 0 failed | 0 skipped, a case against the reference"
[ ! -e "$(dirname "$0")/$(basename "$0").fails" ] || exit 1
"""
STEPS = r"""
here=$(dirname "$0")
[ ! -e "$here/hangs" ] || { echo $$ >"$here/hanging"; exec sleep 300; }
echo '{"case": "dcgan16b2", "library": "sumi", "precision": "f32", "setting": "emu", "median_ms": 4.0, "peak_over_start": 1}'
"""
# A Python without PyTorch, whatever this machine has.
PYTHON = r"""
case "$*" in *"import torch"*) exit 1 ;; esac
exec %s "$@"
""" % sys.executable


class Pretended:
    def __init__(self, folder):
        self.build, self.out = folder / "build", folder / "out"
        (self.build / "check/carry/data").mkdir(parents=True)
        for name, text in [("sumi", SUMI), ("sumi-bench", "echo measured"), ("bench_steps", STEPS), ("python", PYTHON)] + [
                ("test_" + room, TEST) for room in ("kernels", "engine", "models")]:
            path = self.build / name
            path.write_text("#!/bin/bash\n" + text)
            path.chmod(0o755)
        for name in ("lorelei", "openpeeps"):
            (self.build / "check/carry/data" / (name + ".pack")).touch()

    def check(self, *stages, seconds=60):
        """(exit code, the lines of the summary that tell of stages)"""
        environment = dict(os.environ, SUMI_GPU_BUILD=str(self.build), SUMI_PYTHON=str(self.build / "python"), SUMI_GPU_SECONDS=str(seconds))
        done = subprocess.run(["bash", ROOT / "bench/gpu_check.sh", "--dry", self.out, *stages], env=environment, capture_output=True,
                              text=True, check=False, timeout=100)
        lines = (self.out / "summary.txt").read_text().splitlines()
        return done.returncode, "\n".join(line for line in lines if line.startswith((":::", "  skipped")))

    def set(self, what, on=True):
        (self.build / what).touch() if on else (self.build / what).unlink()


def expect(what, got, *wanted):
    for text in wanted:
        if text not in got:
            sys.exit("gpu_check_test: %s: no '%s' in:\n%s" % (what, text, got))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main():
    stages = ("tests", "train", "steps", "kernels", "sanitizer")
    with tempfile.TemporaryDirectory() as folder:
        p = Pretended(pathlib.Path(folder))
        p.set("test_engine.fails")
        code, summary = p.check(*stages)
        expect("a stage fails", summary, "tests: FAILED", "train: passed", "steps: passed", "kernels: passed", "sanitizer: passed",
               "has no PyTorch", "compute-sanitizer needs a GPU")
        assert code == 1, code
        for name in stages + ("summary",):
            assert (p.out / (name + ".txt")).stat().st_size > 0, name
        expect("the failed stage's file", (p.out / "tests.txt").read_text(), "FAILED (1): test_engine", "== test_models", "first step: loss_d 1.5")
        expect("the page", (p.out / "report.md").read_text(), "tests: FAILED", "| dcgan16b2, f32 | 4.000 |", "has no PyTorch")
        assert (p.out / "train.png").is_file()

        p.set("test_engine.fails", False)
        code, summary = p.check(*stages)
        expect("once more", summary, "tests: passed in", "train: passed before", "steps: passed before")
        assert code == 0, code

        code, summary = p.check("tests", "steps", seconds=0)
        expect("passed stages need no time", summary, "tests: passed before")
        p.set("hangs")
        (p.build / "sumi-bench").write_text("#!/bin/bash\necho changed\n")  # so that nothing counts as done
        begun = time.monotonic()
        code, summary = p.check("steps", "kernels", seconds=3)
        expect("a stage hangs", summary, "steps: not finished, for want of time", "kernels: not begun, for want of time")
        assert code == 4 and time.monotonic() - begun < 30, (code, time.monotonic() - begun)
        hanging = int((p.build / "hanging").read_text())
        for _ in range(50):
            if not alive(hanging):
                break
            time.sleep(0.1)
        assert not alive(hanging), "what a stage began outlives it"
        code, _ = p.check("nonsense")
        assert code == 2, code
    print("gpu_check_test: passed")


if __name__ == "__main__":
    main()
