#!/usr/bin/env python3
"""Acceptance figures of a stylizer on photographs that it has not seen.

  judge_stylizer.py --sumi PROGRAM --model WEIGHTS --list FILE [--styles ink,wash] [--side 360] [--sheet OUT.png]

FILE names a photograph on each line. Each is brought to that short side, so that teacher (the filter's own planes) and network
work at one size. Needs OpenCV 4.

  flat      part of the pixels whose gradient of gray is below one level, over the photograph's; the median
  checker   mean |2x2 checkerboard| of gray, over the photograph's; the mean
  f1        of the network's line layer against the teacher's, both above one half, within 2 pixels: precision, recall
  ab        median over pixels of the distance in CIELAB's (a, b) to the photograph; the median
  ssim      of gray to the photograph; the mean
  faces     found by a Haar cascade in the photographs, and again in the drawings and in the fast filter's
Styles whose last step lays a screen, hatching or paper over the picture (all but ink) are measured before it: flat, checker, ab and
ssim of the flat color with lines.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np

STYLES = ("ink", "manga", "wash", "pencil", "halftone", "ukiyo")
# Color (BGR) and opacity of the line, of the styles that are measured before their last step.
INKS = {"manga": ((.03, .03, .03), 1), "wash": ((.16, .18, .25), .45), "pencil": ((.2, .2, .2), .85),
        "halftone": ((.09, .05, .07), 1), "ukiyo": ((.25, .15, .13), .9)}


def at_short_side(bgr8, side):
    h, w = bgr8.shape[:2]
    k = side / min(h, w)
    return cv2.resize(bgr8, (round(w * k), round(h * k)), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC)


def gray(bgr8):
    return cv2.cvtColor(bgr8, cv2.COLOR_BGR2GRAY).astype(np.float32)


def flat_part(bgr8):
    g = gray(bgr8)
    slope = np.hypot(cv2.Sobel(g, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(g, cv2.CV_32F, 0, 1) / 8)
    return float((slope < 1).mean())


def checkerboard(bgr8):
    kernel = np.array([[1, -1], [-1, 1]], np.float32) / 2
    return float(np.abs(cv2.filter2D(gray(bgr8), -1, kernel)).mean())


def ab_shift(a, b):
    lab = [cv2.cvtColor(x.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[..., 1:] for x in (a, b)]
    return float(np.median(np.hypot(*np.moveaxis(lab[0] - lab[1], -1, 0))))


def ssim(a, b):
    a, b = gray(a) / 255, gray(b) / 255
    blur = lambda x: cv2.GaussianBlur(x, (0, 0), 1.5)
    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    return float((((2 * ma * mb + 1e-4) * (2 * cov + 9e-4)) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4))).mean())


def line_match(line, teacher):
    """Pixels of each that the other has within 2 pixels: (matched, all) of the line, then of the teacher."""
    a, b = line > .5, teacher > .5
    near = lambda mask: cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))) > 0
    return np.array([(a & near(b)).sum(), a.sum(), (b & near(a)).sum(), b.sum()], float)


def count_faces(cascade, bgr8):
    return len(cascade.detectMultiScale(cv2.resize(gray(bgr8).astype(np.uint8), None, fx=2, fy=2), 1.1, 5, minSize=(48, 48)))


class Program:
    """sumi convert on a folder."""

    def __init__(self, program, model, threads):
        self.base = [program, "convert", "--threads", str(threads), "-q", "-f", "png"]
        self.model = ["-m", model]

    def folder(self, photos, out, *options, with_model=True):
        subprocess.run(self.base + (self.model if with_model else []) + ["-i", photos, "-o", out, *options], check=True)


def judge(args, work):
    photos = os.path.join(work, "photos")
    os.makedirs(photos)
    names = []
    with open(args.list, encoding="utf-8") as file:
        for path in [line for line in file.read().split("\n") if line][:args.most]:
            photo = cv2.imread(path, cv2.IMREAD_COLOR)
            if photo is None:
                sys.exit("cannot read " + path)
            names.append(os.path.splitext(os.path.basename(path))[0] + ".png")
            cv2.imwrite(os.path.join(photos, names[-1]), at_short_side(photo, args.side))
    program = Program(args.sumi, args.model, args.threads)
    cascade = cv2.CascadeClassifier(os.path.join(args.cascades, "haarcascade_frontalface_alt2.xml"))
    results, cells = {}, {}
    for style in args.styles.split(","):
        for layer in ("drawing", "line", "flat") if style in INKS else ("drawing", "line"):
            program.folder(photos, os.path.join(work, style, layer), "-n", style, "--layer", layer)
        program.folder(photos, os.path.join(work, style, "filter"), "--style", style, with_model=False)
        program.folder(photos, os.path.join(work, style, "teacher"), "--style", style, "--layer", "line", with_model=False)
        rows, lines = [], np.zeros(4)
        for name in names:
            read = lambda *parts, flag=cv2.IMREAD_COLOR: cv2.imread(os.path.join(work, *parts, name), flag)  # pylint: disable=cell-var-from-loop
            photo, drawing, line = read("photos"), read(style, "drawing"), 1 - read(style, "line", flag=0) / 255
            lines += line_match(line, 1 - read(style, "teacher", flag=0) / 255)
            shown = drawing
            if style in INKS:
                color, opacity = INKS[style]
                alpha = opacity * line[..., None]
                shown = read(style, "flat") * (1 - alpha) + alpha * np.array(color) * 255
                shown = np.clip(shown + .5, 0, 255).astype(np.uint8)
            rows.append({"flat": flat_part(shown) / max(flat_part(photo), .02),
                         "checker": checkerboard(shown) / max(checkerboard(photo), .1),
                         "ab": ab_shift(photo, shown), "ssim": ssim(photo, shown), "faces": count_faces(cascade, photo),
                         "faces_net": count_faces(cascade, drawing), "faces_filter": count_faces(cascade, read(style, "filter"))})
            cells.setdefault(name, [photo]).extend([read(style, "filter"), drawing])
        median = lambda key: round(float(np.median([r[key] for r in rows])), 3)  # pylint: disable=cell-var-from-loop
        mean = lambda key: round(float(np.mean([r[key] for r in rows])), 3)  # pylint: disable=cell-var-from-loop
        total = lambda key: int(sum(r[key] for r in rows))  # pylint: disable=cell-var-from-loop
        precision, recall = lines[0] / max(lines[1], 1), lines[2] / max(lines[3], 1)
        results[style] = {"flat": median("flat"), "checker": mean("checker"), "precision": round(precision, 3),
                          "recall": round(recall, 3), "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 3),
                          "ab": median("ab"), "ssim": mean("ssim"), "faces": total("faces"),
                          "faces_net": total("faces_net"), "faces_filter": total("faces_filter")}
        print(style, json.dumps(results[style]), flush=True)
    if args.sheet:
        fit = lambda x: cv2.resize(x, (args.cell, round(x.shape[0] * args.cell / x.shape[1])), interpolation=cv2.INTER_AREA)
        rows = []
        for name in names[:args.rows]:
            row = [fit(x) for x in cells[name]]
            rows.append(np.concatenate(row, 1))
        cv2.imwrite(args.sheet, np.concatenate(rows, 0))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sumi", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--list", required=True)
    parser.add_argument("--styles", default=",".join(STYLES))
    parser.add_argument("--side", type=int, default=360)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cascades", default="/usr/share/opencv4/haarcascades")
    parser.add_argument("--most", type=int, default=1000, help="only the first so many photographs")
    parser.add_argument("--sheet", help="photograph, then filter and network for each style, a row for each photograph")
    parser.add_argument("--cell", type=int, default=320, help="width of the sheet's cells")
    parser.add_argument("--rows", type=int, default=12, help="of the sheet")
    parser.add_argument("--json", help="where the figures go")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        results = judge(args, work)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
