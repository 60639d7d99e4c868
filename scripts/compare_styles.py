#!/usr/bin/env python3
"""How close sumi's style filters come to their reference, and sheets of both.

Usage: compare_styles.py SUMI REFERENCE PHOTO... [--styles wash,pencil] [--plain] [--sheet SHEET.png]

SUMI is the program. REFERENCE is a Python file with a function run(style, bgr8) (python3-opencv,
python3-numpy). A PHOTO is a file or a folder.

Printed in 8-bit levels, for each style the medians over the photographs and the worst of them:
  pixel  median over pixels of the difference; a pixel's is the mean of its three channels'
  mean   mean of the same
  tone   median after a blur that takes dots and strokes together

sumi's styles go past the reference in places. --plain switches that off (the table PLAIN; of ukiyo
the sky, in the reference as well), which says whether the rest is the same. --sheet: a row for each photograph, and in it for each style the
reference | ours.
"""
import argparse
import importlib.util
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np

STYLES = ("ink", "manga", "wash", "pencil", "halftone", "ukiyo")
EXTENSIONS = (".jpg", ".jpeg", ".png")
TONE_SIGMA = 6.0  # pixels where the short side has 512: more than from dot to dot
PLAIN = {"ink": "structure=0,strokes=0", "manga": "structure=0,strokes=0",
         "wash": "structure=0,cast=1,washes=0,grain=1,flow=1", "pencil": "structure=0,texture=0",
         "halftone": "structure=0,strokes=0,grays=0", "ukiyo": "structure=0,strokes=0,sky=0,bokashi=0"}
SHEET_WIDTH = 480


def load_reference(path):
    spec = importlib.util.spec_from_file_location("reference_styles", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def photographs(given):
    for name in given:
        path = pathlib.Path(name)
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix.lower() in EXTENSIONS)
        else:
            yield path


def convert(sumi, style, path, plain):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.png"
        command = [sumi, "convert", "--style", style, "-i", str(path), "-o", str(out), "-q"]
        if plain and style in PLAIN:
            command += ["--faces", "off", "--style-set", PLAIN[style]]
        subprocess.run(command, check=True)
        return cv2.imread(str(out), cv2.IMREAD_COLOR)


def differences(ours, wanted):
    """pixel, mean and tone of two images of one size."""
    ours, wanted = ours.astype(np.float32), wanted.astype(np.float32)
    sigma = TONE_SIGMA * max(min(ours.shape[:2]) / 512, 0.2)
    pixels = np.abs(ours - wanted).mean(2)
    tones = np.abs(cv2.GaussianBlur(ours, (0, 0), sigma) - cv2.GaussianBlur(wanted, (0, 0), sigma)).mean(2)
    return float(np.median(pixels)), float(pixels.mean()), float(np.median(tones))


def fitted(image):
    height = round(image.shape[0] * SHEET_WIDTH / image.shape[1])
    return cv2.resize(image, (SHEET_WIDTH, height), interpolation=cv2.INTER_AREA)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sumi")
    parser.add_argument("reference")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--styles", default=",".join(STYLES))
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--sheet")
    given = parser.parse_args()
    reference = load_reference(given.reference)
    if given.plain:
        reference.sky_from_top = lambda flat, s, tex: np.zeros(tex.shape, np.float32)
    styles = given.styles.split(",")
    found = {style: [] for style in styles}
    rows = []
    for path in photographs(given.photos):
        photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if photo is None:
            sys.exit(f"compare_styles: cannot read {path}")
        row = []
        for style in styles:
            wanted, ours = reference.run(style, photo), convert(given.sumi, style, path, given.plain)
            figures = differences(ours, wanted)
            found[style].append(figures)
            print(f"{path.name} {style}: pixel {figures[0]:.2f} mean {figures[1]:.2f} tone {figures[2]:.2f}", flush=True)
            row += [fitted(wanted), fitted(ours)]
        rows.append(np.hstack(row))
    print(f"{'':10}{'pixel':>16}{'mean':>16}{'tone':>16}   median (worst) of {len(rows)} photographs")
    for style, figures in found.items():
        columns = [f"{np.median(column):.2f} ({max(column):.2f})" for column in zip(*figures)]
        print(f"{style:10}" + "".join(f"{column:>16}" for column in columns))
    if given.sheet:
        cv2.imwrite(given.sheet, np.vstack(rows))


if __name__ == "__main__":
    main()
