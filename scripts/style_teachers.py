#!/usr/bin/env python3
"""Teacher planes for `sumi train stylizer`, from the reference filters in Python.

  style_teachers.py --reference DIR --out DIR --list FILE [--sizes 480,320] [--part K/N]

DIR holds styles.py (the filters' reference form, which needs OpenCV 4). FILE names a photograph on each line. For each
photograph, size and style two images are written, OUT/STYLE/SIZE/NAME.flat.png and OUT/STYLE/SIZE/NAME.line.png: the
flat color without any line, and the alpha of the lines. Both are functions of a neighborhood alone:

- auto levels come first, as a curve, for the teacher as for the network; no other statistic of the image is used
- lightness is not quantized: cel steps are made after the network
- screens, hatching, paper and grain, whose place is fixed, are made after the network too
"""
import argparse
import os
import sys

import cv2
import numpy as np

LEVELS_GAIN = 1.7  # of auto_levels(), for every style: the network sees one image
LOST = (1.5, 5)    # differences from the painted image, in Lab, between which the flat one gives way to it
LINES = 0.75       # of the filters' thresholds of lines: a network may draw more of them, since it keeps to what is clear
TEXTURE = 0.7      # how much of the texture mask raises the thresholds of lines and details


def lab_to_bgr8(reference, lightness):
    """The gray image of a plane of L."""
    zero = np.zeros_like(lightness)
    return reference.to_bgr8(np.dstack([lightness, zero, zero]))[..., 0]


def leveled(reference, bgr8):
    lab = reference.to_lab(bgr8)
    lab[..., 0] = reference.auto_levels(lab[..., 0], 1, max_gain=LEVELS_GAIN)
    return reference.to_bgr8(lab)


class Planes:
    """What the styles share of one photograph, and the planes of each style."""

    def __init__(self, reference, bgr8):
        self.r, self.photo = reference, bgr8
        reference.USE_FACES = True
        original, reference.auto_levels = reference.auto_levels, lambda lightness, *_, **__: lightness
        self.s, self.lab, self.tex, self.busy, self.skin, self.flat = reference.front(bgr8)
        reference.auto_levels = original
        self.face = reference.faces(bgr8)[0]
        # The filters blur what the texture mask finds, skylines and ornaments too, and slopes of little contrast: there paint
        # of crisp patches is better (Hertzmann's rule: the finer layer where the coarser one misses the image).
        self.paint = self.painted()
        lost = reference.blur(np.sqrt(((self.paint - self.flat) ** 2).sum(2)), self.s)
        self.flat = reference.mix(self.flat, self.paint,
                                  np.maximum(np.clip(1.6 * self.tex, 0, 1), reference.sstep(*LOST, lost)))
        self.tex, self.busy = TEXTURE * self.tex, TEXTURE * self.busy
        self.detailed = self.keep_detail()

    def painted(self):
        """Anisotropic Kuwahara at two radii, as the base of wash."""
        r, s, (h, w) = self.r, self.s, self.tex.shape
        coarse = r.kuwahara(r.half(self.lab), s / 2, 11.0, alpha=1.0)
        fine = r.kuwahara(r.blur(self.lab, .3 * s), s, 4.5, rings=(.45, .85))
        return r.layers(self.lab, cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR), fine, s, self.busy,
                        keep=np.maximum(.5 * self.skin, .8 * self.face))

    def keep_detail(self, dead=6.5):
        return self.r.keep_detail(self.lab, self.flat, self.s, self.busy, self.skin, dead=dead)

    def grade(self, lab, chroma, **script):
        return self.r.grade(lab, chroma, most=1.0, **script)  # no mean over the image

    def lines(self, source, keep, t0, t1, soft, **options):
        # On faces fewer and thinner lines: a bold stroke is wider than an eye.
        return self.r.ink_lines(self.r.line_source(self.lab, source, self.s, self.tex, keep), self.s, self.tex, LINES * t0, LINES * t1,
                                soft=None if soft == 0 else np.maximum(soft * self.skin, .5 * self.face), **options)

    def ink(self):
        flat = self.grade(self.detailed, 1.42)
        return self.r.to_bgr8(flat), self.lines(self.detailed, .45, .0040, .0125, .4)

    def manga(self):
        r, s = self.r, self.s
        tone = r.manga_tone(self.flat, self.skin)
        tone = r.mix(r.blur(tone, 1.2 * s), r.blur(tone, 5.0 * s), .8 * self.tex)
        detail = self.detailed[..., 0] - self.flat[..., 0]
        tone = np.where(detail < -4, tone + 1.6 * detail, tone)
        line = self.lines(self.detailed, .6, .0034, .0100, .3, sc_fine=.8, sc_bold=1.35)
        return lab_to_bgr8(r, np.clip(tone, 0, 100).astype(np.float32)), line

    def wash(self):
        r, s, lab, k = self.r, self.s, self.lab, self.paint.copy()
        light = np.clip(k[..., 0] / 100, 0, 1)
        k[..., 0] = 100 * (light + .11 * 4 * light * (1 - light) * (1 - .5 * light))
        glow = r.blur(k[..., 0], 5 * s)  # a narrower bloom than the filter's: the network sees 48 pixels
        k[..., 0] = 100 - (100 - k[..., 0]) * (1 - .22 * r.sstep(45, 95, glow))
        k = self.grade(k, 1.44, shadow=(3, -9), light=(0.5, 4))
        wet = np.clip((r.blur(k[..., 0], 3.5 * s) - r.blur(k[..., 0], s)) / 14, 0, .5) * (1 - .6 * self.face)
        k = r.pigment(k, 1 + .9 * wet)
        source = r.mix(k, lab, .35)
        line = r.ink_lines(source[..., 0] - .2 * np.hypot(k[..., 1], k[..., 2]), s, self.tex, .0048, .018,
                           sc_fine=.7, bold=.45)
        return r.to_bgr8(k), line

    def pencil(self):
        r = self.r
        tone = r.mix(self.detailed[..., 0], r.blur(self.lab[..., 0], .8 * self.s), .5) + 7 * self.skin
        tone = tone - .10 * np.maximum(self.flat[..., 1], 0) * (1 - self.skin) + .18 * np.maximum(-self.flat[..., 2], 0)
        line = self.lines(self.detailed, .75, .0026, .0120, 0, tex_raise=1.0, sc_fine=.75, sc_bold=1.3, bold=.8,
                          min_area=16)
        return lab_to_bgr8(r, np.clip(tone, 0, 100).astype(np.float32)), line

    def halftone(self):
        flat = self.grade(self.detailed, 1.62, shadow=(0, 0), light=(0, 0))
        flat[..., 0] = np.clip(flat[..., 0] * 1.03 + 5 + 4 * self.skin, 0, 100)
        return self.r.to_bgr8(flat), self.lines(self.detailed, .6, .0034, .0100, .3, sc_fine=.9, sc_bold=1.7)

    def ukiyo(self):
        r = self.r
        source = self.keep_detail(dead=8)
        q = self.grade(source, 1.36, shadow=(0, -3), light=(1, 4))
        total, weights = np.zeros_like(q), np.zeros(q.shape[:2], np.float32)
        for pigment in r.UKIYO:
            d = q - pigment
            e = np.sqrt(.5 * d[..., 0] ** 2 + d[..., 1] ** 2 + d[..., 2] ** 2)
            weight = np.exp(-e / np.float32(7)) + np.float32(1e-9)
            total += weight[..., None] * pigment
            weights += weight
        palette = total / weights[..., None]
        flat = r.mix(q, palette, .78)
        flat[..., 0] = np.clip(r.mix(q[..., 0], palette[..., 0], .39), 12, 94)
        return r.to_bgr8(flat), self.lines(source, .45, .0042, .0120, .4, sc_fine=.75, sc_bold=1.25)


STYLES = ("ink", "manga", "wash", "pencil", "halftone", "ukiyo")


def at_short_side(bgr8, side):
    h, w = bgr8.shape[:2]
    k = side / min(h, w)
    size = (round(w * k), round(h * k))
    return cv2.resize(bgr8, size, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC)


def write(path, picture):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = path[:-len(".png")] + ".tmp.png"
    if not cv2.imwrite(temporary, picture, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        sys.exit("cannot write " + temporary)
    os.replace(temporary, path)


def teach(reference, path, side, out):
    name = os.path.splitext(os.path.basename(path))[0]
    base = [os.path.join(out, style, str(side), name) for style in STYLES]
    if all(os.path.exists(b + ".line.png") for b in base):
        return
    photo = cv2.imread(path, cv2.IMREAD_COLOR)
    if photo is None:
        sys.exit("cannot read " + path)
    planes = Planes(reference, leveled(reference, at_short_side(photo, side)))
    for style, where in zip(STYLES, base):
        flat, line = getattr(planes, style)()
        write(where + ".flat.png", flat)
        write(where + ".line.png", np.clip(line * 255 + .5, 0, 255).astype(np.uint8))


def load_reference(folder):
    """The module styles.py of that folder; faces are looked for once a photograph."""
    sys.path.insert(0, folder)
    import styles  # pylint: disable=import-outside-toplevel
    if not hasattr(cv2, "data"):  # Debian's OpenCV keeps its cascades elsewhere

        class Cascades:  # pylint: disable=too-few-public-methods
            haarcascades = "/usr/share/opencv4/haarcascades/"

        cv2.data = Cascades
    faces, last = styles.faces, {}

    def faces_once(bgr8):
        if last.get("of") is not bgr8:
            last.update(of=bgr8, found=faces(bgr8))
        return last["found"]

    styles.faces = faces_once
    return styles


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, help="the folder of styles.py")
    parser.add_argument("--out", required=True)
    parser.add_argument("--list", required=True, help="a file that names a photograph on each line")
    parser.add_argument("--sizes", default="480,320", help="short sides in pixels")
    parser.add_argument("--part", default="1/1", help="K/N: every N-th photograph from the K-th on")
    args = parser.parse_args()
    styles = load_reference(args.reference)
    with open(args.list, encoding="utf-8") as file:
        photos = file.read().split("\n")
    part, parts = map(int, args.part.split("/"))
    chosen = [p for p in photos if p][part - 1::parts]
    for side in map(int, args.sizes.split(",")):
        for i, path in enumerate(chosen):
            teach(styles, path, side, args.out)
            print(side, i + 1, len(chosen), path, flush=True)


if __name__ == "__main__":
    main()
