#!/usr/bin/env python3
"""Follows docs/learn/0-from-nothing.md: gan_from_nothing.cpp compiles and runs after each of its steps. Steps 1 to 5 are
compiled alone, without sumi; step 6 is run in the built program. Usage: gan_from_nothing_steps.py CXX PROGRAM"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    compiler, program = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    parts = re.split(r"(?m)^(?=// ---- Step \d)", (ROOT / "examples/gan_from_nothing.cpp").read_text(encoding="utf-8"))
    assert len(parts) == 7, "the example has six steps"
    with tempfile.TemporaryDirectory() as scratch:
        for step in range(1, 6):
            source = pathlib.Path(scratch) / f"step{step}.cpp"
            source.write_text("".join(parts[:step + 1]) + f"int main() {{ return step_{step}() ? 0 : 1; }}\n", encoding="utf-8")
            assert "sumi::" not in source.read_text(encoding="utf-8"), "steps 1 to 5 need no engine"
            subprocess.run([compiler, "-std=c++20", "-O2" if step == 5 else "-O0", "-Wall", "-Wextra", "-Werror", source, "-o",
                            source.with_suffix("")], check=True)
            subprocess.run([source.with_suffix("")], cwd=scratch, check=True)
            print(f"step {step}: {len(parts[step].splitlines())} lines")
        for picture in ("ring-0.ppm", "ring-200.ppm", "ring-2000.ppm"):
            assert (pathlib.Path(scratch) / picture).stat().st_size == 15 + 240 * 240 * 3, picture
        (pathlib.Path(scratch) / "samples").symlink_to(ROOT / "samples")
        subprocess.run([program, "6"], cwd=scratch, check=True)
        assert (pathlib.Path(scratch) / "heads.png").read_bytes().startswith(b"\x89PNG")


main()
