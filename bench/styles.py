#!/usr/bin/env python3
"""Times sumi's styles beside their reference in Python and OpenCV.

Usage: styles.py BENCH_STYLES PHOTO [--reference STYLES.PY] [--threads N] [--runs N]

BENCH_STYLES is bench/'s program (-DSUMI_BENCH=ON). The table has medians: milliseconds of a 1280x720 and of a 4000x3000
image, and of processor time. With a reference (a file with a function run(style, bgr8); python3-opencv): its
milliseconds of the 1280x720 image on one thread, in the same run, and the ratio to sumi's processor time."""
import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time


def reference_ms(path, photo, style, runs):
    import cv2
    spec = importlib.util.spec_from_file_location("reference_styles", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    image = cv2.resize(cv2.imread(photo), (1280, 720), interpolation=cv2.INTER_CUBIC)
    times = []
    for _ in range(runs):
        start = time.process_time()
        module.run(style, image)
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("photo")
    parser.add_argument("--reference")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    command = [given.bench, given.photo, "--threads", given.threads, "--runs", str(given.runs)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = {}
    for line in output.splitlines():
        row = json.loads(line)
        rows.setdefault(row["style"], {})[row["width"]] = row
    print(f"{'style':10}{'720p ms':>10}{'cpu':>8}{'12 MP ms':>10}{'cpu':>8}" + (f"{'reference':>11}{'ratio':>8}" if given.reference else ""))
    for style, sizes in rows.items():
        small, large = sizes[1280], sizes[4000]
        text = f"{style:10}{small['ms']:>10.0f}{small['cpu_ms']:>8.0f}{large['ms']:>10.0f}{large['cpu_ms']:>8.0f}"
        if given.reference:
            wanted = reference_ms(given.reference, given.photo, style, max(1, given.runs // 2))
            text += f"{wanted:>11.0f}{wanted / small['cpu_ms']:>8.1f}"
        print(text, flush=True)


if __name__ == "__main__":
    main()
