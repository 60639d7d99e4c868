"""Compares the figures of images in models/judges with OpenCV, by the formulas of scripts/judge_stylizer.py. Skipped aloud
without OpenCV for this Python (Debian: python3-opencv)."""

import json
import os
import subprocess
import sys
import tempfile

try:
    import cv2
    import numpy as np
except ImportError as error:
    print("SKIPPED: %s (Debian: python3-opencv, python3-numpy)" % error)
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "parity"), os.path.join(HERE, "..", "..", "scripts")]
import judge_stylizer as judge  # noqa: E402
import sumi_files as files  # noqa: E402

checks = files.Checks()
rng = np.random.RandomState(5)


def pictures():
    """A smooth image with flat areas, edges and noise, and a drawing of it."""
    y, x = np.mgrid[0:90, 0:120]
    photo = np.stack([127 + 100 * np.sin(x / 17 + c) * np.cos(y / (11 + c)) for c in range(3)], -1) + rng.normal(0, 3, (90, 120, 3))
    photo[20:50, 30:80] = (10, 20, 60)
    photo[60:80, 20:100:8] = (250, 240, 220)
    photo = np.clip(photo, 0, 255).astype(np.uint8)
    drawing = (photo // 48 * 48 + 20).astype(np.uint8)
    cv2.line(drawing, (5, 5), (110, 70), (20, 20, 20), 2)
    return photo, drawing


def color_contrast(bgr):
    lab = cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float64)
    return np.sqrt(lab.var(0).sum())


def line_strength(bgr):
    return cv2.morphologyEx(judge.gray(bgr), cv2.MORPH_BLACKHAT, np.ones((5, 5), np.uint8)).mean()


with tempfile.TemporaryDirectory() as work:
    rgb = photo, drawing = pictures()
    as_floats = [image.astype(np.float32) for image in rgb]
    some = rng.normal(size=(70, 8))
    files.write_safetensors(work + "/arrays.safetensors", {
        "photo": as_floats[0], "drawing": as_floats[1],
        "a": some, "b": some, "logits": some, "ranks_x": some[0], "ranks_y": some[1], "directions": np.eye(8), "patches_x": some,
        "patches_y": some})
    said = subprocess.run([os.environ["JUDGE_ARRAYS"], work + "/arrays.safetensors"], check=True, capture_output=True, text=True)
out = json.loads(said.stdout)
for name, image, ours in zip(("photo", "drawing"), rgb, out["style"]):
    bgr = image[..., ::-1].copy()
    theirs = (color_contrast(bgr), judge.flat_part(bgr), line_strength(bgr), judge.checkerboard(bgr))
    # OpenCV's luma is rounded in another way (a level of difference here and there) and its CIELAB is interpolated.
    for what, a, b, tolerance in zip(("color contrast", "flatness", "line strength", "checkerboard"), ours, theirs, (.003, .01, .02, .02)):
        checks.small("%s of the %s: %.4f and %.4f" % (what, name, a, b), abs(a - b) / max(1, b), tolerance)
bgr = [image[..., ::-1].copy() for image in rgb]
checks.small("SSIM of %.4f" % out["ssim"], abs(out["ssim"] - judge.ssim(*bgr)), 1e-3)
checks.small("shift of (a, b) of %.3f" % out["chroma_shift"], abs(out["chroma_shift"] - judge.ab_shift(*bgr)), .05)
edges = [cv2.Canny(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 100, 200) / 255. for image in bgr]
theirs = judge.line_match(*edges)
checks.true("both images have edges: %s" % theirs, theirs.min() > 100)
checks.small("edges %s and %s" % (out["edges"], theirs), np.abs(np.array(out["edges"]) / theirs - 1).max(), .02)
checks.finish()
