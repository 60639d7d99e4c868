#!/usr/bin/env python3
"""Measures how sumi's time and memory scale with image size, threads and batch size.

python3 bench/scaling.py [--build DIR] [--seconds S] [--smallest PX] [--largest PX]

Prints two tables for docs/performance.md. Constant ns/pixel and B/pixel mean that the cost is
proportional to the work.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
NETWORKS = {"resnet_9blocks": ("resnet", (256, 512, 1024, 2048, 4096)), "AnimeGANv2": ("anime", (256, 512, 1024, 2048, 4096))}
BATCHES = (1, 4, 16, 64, 256)


def measure(args, case, threads):
    done = subprocess.run([args.build / "bench_steps", case, "--threads", str(threads), "--seconds", str(args.seconds)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("scaling: bench_steps %s failed:\n%s" % (case, done.stderr.strip()))
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/ci-release", help="a build with -DSUMI_BENCH=ON")
    parser.add_argument("--seconds", type=float, default=4, help="per line")
    parser.add_argument("--smallest", type=int, default=256, metavar="PX", help="skip smaller images")
    parser.add_argument("--largest", type=int, default=4096, metavar="PX", help="skip larger images")
    args = parser.parse_args()
    print("| network, inference | image | 1 thread ms | 2 threads ms | gain | ns/pixel | MiB | B/pixel |\n" + "|---" * 8 + "|")
    for name, (case, sizes) in NETWORKS.items():
        for size in [s for s in sizes if args.smallest <= s <= args.largest]:
            two = measure(args, case + str(size), 2)
            one = measure(args, case + str(size), 1)["median_ms"] if size <= 1024 else None  # takes minutes and adds nothing
            memory = two["peak_over_first_step"]
            print("| %s | %dx%d | %s | %.0f | %s | %.0f | %.0f | %.0f |" % (
                name, size, size, "%.0f" % one if one else "", two["median_ms"], "%.2f" % (one / two["median_ms"]) if one else "",
                1e6 * two["median_ms"] / size**2, memory / 2**20, memory / size**2), flush=True)
    print("\n| DCGAN-64 step, batch | 1 thread ms | 2 threads ms | gain | ms/image | MiB | MiB/image |\n" + "|---" * 7 + "|")
    for batch in BATCHES:
        one, two = (measure(args, "dcgan64b%d" % batch, threads) for threads in (1, 2))
        memory = two["peak_over_first_step"] / 2**20
        print("| %d | %.0f | %.0f | %.2f | %.1f | %.0f | %.1f |" % (
            batch, one["median_ms"], two["median_ms"], one["median_ms"] / two["median_ms"], two["median_ms"] / batch,
            memory, memory / batch), flush=True)


if __name__ == "__main__":
    main()
