#!/usr/bin/env python3
"""What the health monitor says in runs that are sick by design, and that it is silent in healthy ones.

Each run is tiny and takes seconds. Images are drawn here: discs and boxes of one color. Exits with 1 if a sick run lacks its
warning, or if a healthy one has any.

    tests/reliability/health_runs.py --sumi build/ci-release/sumi            all runs
    tests/reliability/health_runs.py --sumi build/ci-release/sumi --quick    those of the test
    tests/reliability/health_runs.py --only lr                               those whose names contain a word
"""

import argparse
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib

try:
    import numpy as np
except ImportError:
    print("SKIPPED: NumPy is not installed for this Python (Debian: python3-numpy)")
    sys.exit(77)

SIDE = 16
GAN = ["--size", "16", "--ngf", "8", "--ndf", "8", "--batch-size", "16", "--init-type", "kaiming", "--init-gain", "1"]
CONV = ["dcgan", *GAN]
CROPS = ["--load-size", "16", "--crop-size", "16", "--ngf", "4", "--ndf", "4", "--n-layers-d", "1", "--batch-size", "4"]
DENSE = ["--size", "16", "--channels", "3", "--batch-size", "16"]


def write_png(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    h, w, _ = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def shape(random, kind, width=SIDE, height=SIDE):
    """A disc (0) or a box (1) of a dark color on a light one."""
    y, x = np.mgrid[0:height, 0:width]
    cx, cy, r = random.integers(5, width - 5), random.integers(5, height - 5), random.integers(3, 6)
    inside = (x - cx)**2 + (y - cy)**2 <= r * r if kind == 0 else (abs(x - cx) <= r - 1) & (abs(y - cy) <= r - 1)
    ground, color = random.integers(170, 256, 3), random.integers(0, 130, 3)
    return np.where(inside[..., None], color, ground).astype(np.uint8)


def draw_sets(folder):
    """The data sets by name, in folders of their names."""
    random = np.random.default_rng(1)
    for i in range(400):
        image = shape(random, i % 2)
        write_png(folder / "shapes" / f"{i}.png", image)
        write_png(folder / "sorted" / ("disc", "box")[i % 2] / f"{i}.png", image)
        write_png(folder / "mislabeled" / ("a", "b")[int(random.integers(2))] / f"{i}.png", image)
        write_png(folder / "copies" / f"{i}.png", np.full((SIDE, SIDE, 3), 90, np.uint8))
        write_png(folder / "pairs" / "trainA" / f"{i}.png", image)
        write_png(folder / "pairs" / "trainB" / f"{i}.png", 255 - image)
        write_png(folder / "wide" / f"{i}.png", shape(random, i % 2, 24, 16))
    write_png(folder / "one" / "0.png", shape(random, 0))
    for i in range(20):
        write_png(folder / "few" / f"{i}.png", shape(random, i % 2))


FEW, ALIKE_DATA = "the data has only", "the images of the data look alike"
WINNING, BLIND, GUESSING = "the discriminator is winning", "does not separate", "no better than guessing"
DIVERGED = r"is diverging|holds NaN or infinity|is -?nan|is -?inf"
COLLAPSE, STILL, SATURATED = "samples look alike", "have not changed", "saturated"

# name: (data, steps, arguments, what must be said). Quick ones first.
SICK = {
    "one picture": ("one", 5, ["dcgan", *GAN, "--batch-size", "1"], FEW),
    "twenty pictures": ("few", 5, CONV, FEW),
    "copies of one picture": ("copies", 20, CONV, ALIKE_DATA),
    "rate of 1000": ("shapes", 150, ["gan", *DENSE, "--lr", "1e3", "--gan-mode", "lsgan"], DIVERGED),
    "generator that stands still": ("shapes", 150, ["gan", *DENSE, "--lr-g", "1e-30"], STILL),
    "frozen generator": ("shapes", 150, ["gan", *DENSE, "--freeze", "g"], STILL),
    "rate of 10": ("shapes", 400, [*CONV, "--lr", "10"], DIVERGED + "|" + SATURATED + "|" + COLLAPSE),
    "hinge at a rate of 1": ("shapes", 400, [*CONV, "--gan-mode", "hinge", "--lr", "1"], DIVERGED),
    "critic without a bound": ("shapes", 400, ["gan", *DENSE, "--gan-mode", "wgan", "--lr", "0.01"], DIVERGED),
    "critic without its penalty": ("shapes", 400, ["wgan-gp", *GAN, "--n-critic", "1", "--lambda-gp", "0", "--lr", "0.01"], DIVERGED),
    "vae at a rate of 10": ("shapes", 400, ["vae", *DENSE, "--lr", "10"], DIVERGED),
    "discriminator that learns nothing": ("shapes", 400, [*CONV, "--lr-d", "1e-30"], BLIND),
    "discriminator blinded by noise": ("shapes", 500, [*CONV, "--instance-noise", "1000"], BLIND),
    "critic clipped to nothing": ("shapes", 400, ["wgan", *GAN, "--n-critic", "1", "--clip-weights", "1e-9"], BLIND),
    "discriminator too strong": ("shapes", 500, [*CONV, "--lr-d", "2e-3", "--lr-g", "1e-7"], WINNING),
    "saturated output": ("shapes", 150, ["gan", *DENSE, "--init-type", "normal", "--init-gain", "30"], SATURATED),
    "generator that ignores its noise": ("shapes", 1200, ["gan", *DENSE, "--lr", "0.02"], COLLAPSE + "|" + SATURATED),
    "feature matching alone": ("shapes", 1200, ["gan", *DENSE, "--feature-matching", "1e4"], COLLAPSE),
    "mislabeled folders": ("mislabeled", 500, ["classifier", "--size", "16", "--width", "4", "--batch-size", "16"], GUESSING),
    "classifier that does not learn": ("sorted", 500, ["classifier", "--size", "16", "--width", "4", "--batch-size", "16", "--lr", "0"],
                                       GUESSING),
}

HEALTHY = {
    "dcgan": ("shapes", 600, CONV),
    "dcgan, its own initialization": ("shapes", 600, ["dcgan", *GAN[:8]]),
    "dcgan, hinge and spectral norm": ("shapes", 600, [*CONV, "--gan-mode", "hinge", "--spectral-norm"]),
    "dcgan, lsgan": ("shapes", 600, [*CONV, "--gan-mode", "lsgan"]),
    "dcgan, R1": ("shapes", 600, [*CONV, "--r1", "1"]),
    "dcgan, relativistic": ("shapes", 600, [*CONV, "--gan-mode", "relativistic", "--r1", "0.1", "--r2", "0.1", "--r1-interval", "4"]),
    "dcgan, augmented": ("shapes", 600, [*CONV, "--diffaugment", "color,translation,cutout"]),
    "dcgan, conditional": ("sorted", 600, [*CONV, "--conditional"]),
    "dcgan, nearest": ("shapes", 600, [*CONV, "--upsample", "nearest", "--ema", "0.99"]),
    "dcgan, wide": ("wide", 600, ["dcgan", "--size", "24x16", *CONV[3:]]),
    "wgan": ("shapes", 400, ["wgan", *GAN, "--n-critic", "2"]),
    "wgan-gp": ("shapes", 400, ["wgan-gp", *GAN, "--n-critic", "2"]),
    "r3gan": ("shapes", 500, ["r3gan", *GAN, "--r1", "0.1", "--r2", "0.1"]),
    "gan, R1": ("shapes", 1200, ["gan", *DENSE, "--r1", "0.2", "--r1-interval", "4", "--init-type", "kaiming", "--init-gain", "1"]),
    "gan-reshape": ("shapes", 400, ["gan-reshape", *GAN[:8]]),
    "infogan": ("shapes", 400, ["infogan", *GAN[:8], "--channels", "3"]),
    "gan-autoencoder": ("shapes", 400, ["gan-autoencoder", *GAN[:8]]),
    "vae": ("shapes", 600, ["vae", *DENSE]),
    "classifier": ("sorted", 600, ["classifier", "--size", "16", "--width", "4", "--batch-size", "16"]),
    "cyclegan": ("pairs", 200, ["cyclegan", *CROPS, "--n-blocks", "1"]),
    "pix2pix": ("pairs", 200, ["pix2pix", *CROPS, "--net-g", "resnet_6blocks", "--n-blocks", "1"]),
}

QUICK = {"one picture", "copies of one picture", "rate of 1000", "generator that stands still", "dcgan"}
QUICK_STEPS = {"dcgan": 320}


def said(run, output):
    """The warnings and notes of a run's log, and the error that ended it."""
    log = run / "log.txt"
    lines = log.read_text().splitlines() if log.exists() else []
    lines = [line for line in lines if re.search(r"warning: |note: ", line)]
    return lines + [line for line in output.splitlines() if " after step " in line]


def train(sumi, sets, folder, name, row):
    data, steps, arguments = row[:3]
    run = folder / "runs" / re.sub(r"\W+", "-", name)
    command = [sumi, "train", *arguments, "--data", sets / data, "--outdir", run, "--steps", steps, "--sample-every", 50,
               "--save-every", 0, "--log-every", 100, "--threads", 1, "--seed", 1, "--cache", folder / "cache"]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = said(run, done.stdout)
    if done.returncode != 0 and not any(" after step " in line for line in lines):
        lines.append("FAILED: " + done.stdout.strip().splitlines()[-1])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sumi", default=os.environ.get("SUMI", "sumi"))
    parser.add_argument("--quick", action="store_true", help="only the runs of the test")
    parser.add_argument("--only", default="", help="only runs whose names contain this")
    options = parser.parse_args()
    wrong, count, start = [], 0, time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        draw_sets(folder / "sets")
        for kind, rows in (("sick", SICK), ("healthy", HEALTHY)):
            for name, row in rows.items():
                if options.only not in name or (options.quick and name not in QUICK):
                    continue
                if options.quick and name in QUICK_STEPS:
                    row = (row[0], QUICK_STEPS[name], *row[2:])
                lines, count = train(options.sumi, folder / "sets", folder, name, row), count + 1
                expected = row[3] if kind == "sick" else ""
                good = any(re.search(expected, line) for line in lines) if expected else not lines
                if not good:
                    wrong.append(name)
                print(f"{'ok   ' if good else 'WRONG'} {kind:8} {name}", flush=True)
                for line in lines:
                    print("        " + line[:150])
    print(f"{count - len(wrong)} of {count} runs as expected, {time.monotonic() - start:.0f} s")
    sys.exit(1 if wrong or count == 0 else 0)


if __name__ == "__main__":
    main()
