#!/usr/bin/env python3
"""Makes the reference planes of stylize_reference_test.cpp from the design's own implementation in Python and OpenCV.

  make_reference.py STYLES.PY    (python3-opencv, python3-numpy)

Of each style's result every second pixel of every second row is kept, and of the planes of line and tone likewise. The photographs
are the whole of samples/photos/cat.jpg (its short side, 300, is flattened at half size) and a part of astronaut.jpg, which is small
enough to be flattened at full size."""
import importlib.util
import pathlib
import sys

import cv2
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PHOTOS = HERE.parents[2] / "samples" / "photos"


def load(path):
    spec = importlib.util.spec_from_file_location("styles", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keep(name, plane):
    if plane.dtype != np.uint8:
        plane = np.clip(plane * 255 + 0.5, 0, 255).astype(np.uint8)
    cv2.imwrite(str(HERE / name), plane[::2, ::2], [cv2.IMWRITE_PNG_COMPRESSION, 9])


# How strong the lines of a style are, which sumi's plane of lines contains; the local variable of
# the style's function that is its tone.
OPACITY = {"wash": 0.42, "pencil": 0.88 * 0.95, "ukiyo": 0.9}
TONE = {"pencil": "D", "halftone": "blk"}


def run_watched(styles, style, image, seen):
    """styles.run(), which leaves the tone plane in `seen`."""
    def watch(frame, event, _):
        if event == "return" and frame.f_code.co_name == style and style in TONE:
            seen["tone"] = np.clip(frame.f_locals[TONE[style]], 0, 1)

    # sumi finds skies in another way; without one the styles are the same.
    styles.sky_from_top = lambda flat, s, tex: np.zeros(tex.shape, np.float32)
    sys.setprofile(watch)
    picture = styles.run(style, image)
    sys.setprofile(None)
    return picture


def planes(styles, style, image):
    """The result, its line plane and the cover of ink before the screen, where there is one."""
    seen = {}
    ink_lines, compose = styles.ink_lines, styles.manga_compose

    def lines(*args, **more):
        line = ink_lines(*args, **more)
        seen["line"] = line * OPACITY.get(style, 1)
        return line

    def tones(T, line, wl, skin, s, pitch, covers, cuts, black, **more):
        cover, before = np.zeros(T.shape, np.float32), 0.0
        for cut, full in zip(cuts, covers):
            sheet = 1 - styles.sstep(cut - 1.0, cut + 1.0, T)
            cover += np.float32(full - before) * styles.cut_sheet(sheet, 170 * s * s)
            before = full
        solid = 1 - styles.sstep(black - 1.6, black + 1.6, T)
        paper = 1 - wl * styles.sstep(.2, .7, styles.blur(solid, 1.3 * s))
        seen["tone"], seen["line"] = (cover + (1 - cover) * solid) * paper, line * paper
        return compose(T, line, wl, skin, s, pitch, covers, cuts, black, **more)

    styles.ink_lines, styles.manga_compose = lines, tones
    seen["picture"] = run_watched(styles, style, image, seen)
    styles.ink_lines, styles.manga_compose = ink_lines, compose
    return seen


def main():
    styles = load(sys.argv[1])
    photos = {"cat": cv2.imread(str(PHOTOS / "cat.jpg")), "face": cv2.imread(str(PHOTOS / "astronaut.jpg"))[:200, 120:340]}
    for name, image in photos.items():
        for style in sys.argv[2:] or ["ink", "manga", "wash", "pencil", "halftone", "ukiyo"]:
            for kind, plane in planes(styles, style, image).items():
                if (name, kind) == ("cat", "picture") and style in TONE:
                    continue  # dots and strokes make large files; their planes tell the same
                keep(f"{name}_{style}_{kind}.png", plane)


if __name__ == "__main__":
    main()
