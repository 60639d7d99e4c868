#!/usr/bin/env python3
"""Counts the instructions of the workloads in count.cpp with callgrind and compares them with recorded counts.

count.py PROGRAM [--record]

counts.json has millions of instructions for each configuration (instruction set and library); --record writes new counts.
More than 5 % above is an error: the time on a busy machine proves nothing, a count does. More than 10 % below asks for a
new record. Exit code 77 (skipped) without valgrind, or if nothing was recorded for this configuration.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

RECORDED = pathlib.Path(__file__).with_name("counts.json")
ABOVE, BELOW = 1.05, 0.90


def counted(program, folder):
    """The signature that the program prints, and millions of instructions by name."""
    result = subprocess.run(
        ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", program],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"count.py: {program} failed under valgrind:\n{result.stdout}{result.stderr}")
    counts = {}
    for path in pathlib.Path(folder).iterdir():
        text = path.read_text(errors="replace")
        name = re.search(r"^desc: Trigger: Client Request: (\w+)$", text, re.M)
        totals = re.search(r"^totals: (\d+)", text, re.M)
        if name and totals:
            counts[name[1]] = round(int(totals[1]) / 1e6, 3)
    return result.stdout.strip().splitlines()[-1], counts


def main():
    if len(sys.argv) not in (2, 3) or (len(sys.argv) == 3 and sys.argv[2] != "--record"):
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("skipped: there is no valgrind here")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        signature, counts = counted(sys.argv[1], folder)
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    if not counts:
        sys.exit("count.py: callgrind wrote no counts")
    if sys.argv[2:] == ["--record"]:
        recorded[signature] = counts
        RECORDED.write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n")
    if signature not in recorded:
        print(f"skipped: nothing is recorded for '{signature}'; counted {counts}")
        sys.exit(77)
    failed = False
    for name, want in sorted(recorded[signature].items()):
        got = counts.get(name, 0)
        ratio = got / want
        bad = not BELOW <= ratio <= ABOVE
        failed |= bad
        print(f"{name:<20} {got:10.3f} million, recorded {want:10.3f}, ratio {ratio:.3f}{'  <-- ' if bad else ''}")
    if failed:
        sys.exit("count.py: instructions have changed; find out why, and when it is right: count.py PROGRAM --record")


if __name__ == "__main__":
    main()
