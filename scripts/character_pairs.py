#!/usr/bin/env python3
"""Pairs of line drawings and colored comics for `sumi train pix2pix`, made from two unpaired sets of comic heads.

  character_pairs.py --lines DIR --colored DIR --out DIR [--hold 100]

DIR of --lines holds black line drawings of heads in one pose (lorelei, 128x128), --colored comics with black outlines and flat
colors (openpeeps, 128x128). OUT/A receives line drawings and OUT/B the same as comics, under the same names:

- of a line drawing the comic is made. Regions of the paper are filled like a comic's: a marker for each region that the ink
  encloses, small gaps bridged, grown until it meets ink. Paper inside the outline of the head becomes skin, enclosed paper in an
  eye or a mouth stays white, and a shirt is drawn at the bottom, as the other hand draws it.
- of a comic the line drawing is made. Its ink stays, without the outline of the shirt, which line drawings do not have.

Nothing in a line drawing tells its colors. A network that learns from random ones paints their mean. So skin and shirt follow
from one number, the share of ink among the line drawings (Colors): an arbitrary rule, but one that can be learned, and near
which a small error gives a color between two neighbors, no mixture of patches. For that, the comics are recolored.
The last --hold drawings of either set are left out; OUT/held-out.txt names them. Needs OpenCV 4 (python3-opencv).
"""
import argparse
import os
import sys

import cv2
import numpy as np

SIDE, SCALE = 128, 2  # of a picture; of the grid on which regions are filled
SKIN = "ffdbb4 edb98a d08b5b ae5d29 694d3d".split()  # the palettes of Open Peeps
SHIRT = "8fa7df 9ddadb 78e185 fdea6b ffcf77 e78276 e279c7".split()  # by hue
FLOWER = "f59797"
BACKGROUND, SKIN_REGION, SHIRT_REGION, WHITE_REGION, FLOWER_REGION = range(1, 6)
GAPS = (1.7, 2.2, 2.7, 3.2, 3.8, 4.5)  # half the width of the gaps that are bridged, in pixels

# Places in a Lorelei drawing, whose heads have one pose.
HEAD = [(30, 60), (36, 35), (60, 20), (85, 25), (95, 45), (96, 80), (88, 93), (80, 96), (84, 104), (86, 106), (74, 122), (60, 122),
        (46, 114), (42, 106), (47, 98), (47, 90), (44, 81), (34, 80), (28, 70)]
FACE = [(46, 80), (60, 92), (78, 92), (90, 84), (91, 55), (46, 55)]
NECK = [(52, 100), (75, 100), (75, 110), (52, 110)]
CHEEK = [(60, 45), (93, 45), (93, 62), (94, 80), (88, 90), (60, 80)]  # never background


def bgr(color):
    return np.array([int(color[k:k + 2], 16) for k in (4, 2, 0)], float)


def curve(a, b, c):
    """A quadratic Bezier curve as 24 points."""
    t = np.linspace(0, 1, 24)[:, None]
    a, b, c = (np.array(p, float) for p in (a, b, c))
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c


def polygon(corners, scale=1):
    mask = np.zeros((SIDE * scale, SIDE * scale), np.uint8)
    cv2.fillPoly(mask, [np.array(corners) * scale], 1)
    return mask > 0


def draw_shirt(fine=4):
    """Ink and area of the shirt below a Lorelei neck, antialiased."""
    collar = curve((40, 106.5), (58, 139), (86, 105.5))
    left, right = curve((40, 106.5), (20, 106), (4, 129)), curve((86, 105.5), (104, 107), (119, 129))
    ink, area = np.full((SIDE * fine, SIDE * fine), 255, np.uint8), np.zeros((SIDE * fine, SIDE * fine), np.uint8)

    def fixed(points):  # 4 fractional bits
        return np.round(points * fine * 16).astype(np.int32)

    cv2.fillPoly(area, [fixed(np.vstack([left[::-1], collar, right]))], 255, shift=4)
    for line in (left, collar, right):
        cv2.polylines(ink, [fixed(line)], False, 0, int(1.9 * fine), cv2.LINE_AA, shift=4)
    return [cv2.resize(plane, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for plane in (ink, area)]


def grow(label, free):
    """Labels spread over unlabeled free pixels until nothing changes."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    while True:
        spread = cv2.dilate(label, cross)
        reached = (label == 0) & free & (spread > 0)
        if not reached.any():
            return label
        label = np.where(reached, spread, label)


def regions(mask):
    """Connected regions of a mask as (mask, area, x, y), in pixels of the picture."""
    count, label, stats, center = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    for k in range(1, count):
        yield label == k, stats[k, 4] / SCALE**2, center[k][0] / SCALE, center[k][1] / SCALE


class Colorist:
    """Fills line drawings."""

    def __init__(self):
        self.shirt_ink, area = draw_shirt()
        self.shirt = cv2.resize(area, None, fx=SCALE, fy=SCALE) > 128
        self.head, self.cheek = polygon(HEAD, SCALE), polygon(CHEEK, SCALE)
        self.face = polygon(FACE, SCALE) | polygon(NECK, SCALE)

    def comic(self, gray, skin, shirt):
        """The drawing as a comic, and how much of the face was filled, less what ran out of it."""
        best = None
        for gap in GAPS:
            made = self.filled(gray, skin, shirt, gap)
            if best is None or made[1] > best[1] + .005:
                best = made
            if best[1] >= .995:
                break
        return best

    def filled(self, gray, skin, shirt, gap):
        ink = np.minimum(gray, self.shirt_ink)
        free = cv2.resize(ink, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC) >= 150
        label = self.markers(free, gap)
        label = grow(label, free)
        label[(label == BACKGROUND) & self.cheek] = SKIN_REGION
        for region, *_ in regions((label == 0) & free):  # enclosed, and too narrow for a marker
            label[region] = self.kind(region)
        for region, area, x, y in regions(label == SKIN_REGION):
            if area < 70 and 50 < y < 67 and 48 < x < 96 or area < 130 and 73 < y < 91 and 54 < x < 90:
                label[region] = WHITE_REGION
            elif area < 60 and x < 50 and 37 < y < 60:
                label[region] = FLOWER_REGION
        inside = np.isin(label, (SKIN_REGION, WHITE_REGION))
        outside = (label == SKIN_REGION) & ~self.head & ~self.shirt & free
        score = inside[self.face & free].mean() - outside.sum() / (5000 * SCALE**2)
        label = grow(label, np.ones_like(free))  # under the ink, for its soft edges
        white = [255.] * 3
        palette = np.array([white, white, skin, shirt, white, bgr(FLOWER)])
        flat = cv2.resize(palette[label], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return np.clip(flat * (ink[..., None] / 255.), 0, 255).round().astype(np.uint8), score

    def kind(self, region):
        return SKIN_REGION if self.head[region].mean() > .5 else SHIRT_REGION if self.shirt[region].mean() > .6 else BACKGROUND

    def markers(self, free, gap):
        """The parts of regions that are further than `gap` from all ink, labeled."""
        core = cv2.distanceTransform(free.astype(np.uint8), cv2.DIST_L2, 5) > gap * SCALE
        count, label = cv2.connectedComponents(core.astype(np.uint8), connectivity=4)
        above = 100 * SCALE  # of the shirt
        border = set(label[0]) | set(label[:above, 0]) | set(label[:above, -1])
        kinds = [0] + [BACKGROUND if k in border else self.kind(label == k) for k in range(1, count)]
        return np.array(kinds, np.uint8)[label]


def extract_lines(comic):
    """The ink of a comic, white 255: its brightest channel, relative to the color around it."""
    bright = comic.astype(float).max(2)
    around = np.maximum(cv2.dilate(bright, np.ones((5, 5))), 105)  # the darkest skin
    return np.clip(255 * (bright / around - .06) / .86, 0, 255).round().astype(np.uint8)


def solid(gray, side):
    """Black areas that hold a square of `side` pixels: hair, but no line."""
    return cv2.morphologyEx((gray < 128).astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))


def recolored(comic, old, new, mask):
    """Mixtures of the color `old` with black or white, within `mask`, with `new` in its place."""
    o, old, white = comic.astype(float), bgr(old), np.full(3, 255.)

    def share(origin):
        axis = old - origin
        t = (o - origin) @ axis / (axis @ axis)
        distance = np.abs(o - origin - t[..., None] * axis).max(2)
        return t[..., None], (distance < 14) & (t > .02) & (t < 1.06) & mask

    dark, from_black = share(np.zeros(3))
    light, from_white = share(white)
    made = np.where(from_black[..., None], dark * new,
                    np.where((from_white & ~from_black)[..., None], white + light * (new - white), o))
    return np.clip(made, 0, 255).round().astype(np.uint8)


class Colors:
    """Skin and shirt of a line drawing, by the rank of its share of ink among `drawings`, along the palettes."""

    def __init__(self, drawings):
        self.shares = np.sort([self.share(d) for d in drawings])

    @staticmethod
    def share(gray):
        return 1 - gray.mean() / 255

    def of(self, gray):
        rank = np.searchsorted(self.shares, self.share(gray)) / len(self.shares)
        return self.along(SKIN, rank), self.along(SHIRT, rank)

    @staticmethod
    def along(palette, rank):
        at = rank * (len(palette) - 1)
        k = min(int(at), len(palette) - 2)
        return (1 - at + k) * bgr(palette[k]) + (at - k) * bgr(palette[k + 1])


class PairFolder:
    def __init__(self, out):
        self.out, self.count = out, 0
        for domain in "AB":
            os.makedirs(os.path.join(out, domain), exist_ok=True)

    def add(self, name, lines, comic):
        for domain, picture in (("A", lines), ("B", comic)):
            if not cv2.imwrite(os.path.join(self.out, domain, name), picture):
                sys.exit(f"character_pairs: cannot write {name} in {self.out}/{domain}")
        self.count += 1


def color_drawings(names, drawings, colors, pairs):
    colorist = Colorist()
    for name, gray in zip(names, drawings):
        comic, score = colorist.comic(gray, *colors.of(gray))
        if score < .985:
            print(f"left out, its face is not closed: {name} ({score:.3f})")
        else:
            pairs.add(name, gray, comic)


def draw_comics(names, comics, colors, pairs):
    lines = [extract_lines(c) for c in comics]
    row, column = np.mgrid[:SIDE, :SIDE]
    # What is ink in nearly all of them is the outline of shirt and neck; of that the neck stays.
    outline = (np.mean([g < 100 for g in lines], 0) > .85) & (row > 96) & ((row > 106) | (column < 44) | (column > 97))
    outline = cv2.dilate(outline.astype(np.uint8), np.ones((4, 4), np.uint8)) > 0
    exact = np.mean([np.any([np.abs(c - bgr(s)).max(2) < 3 for s in SHIRT], 0) for c in comics], 0)
    shirt = (cv2.dilate(exact, np.ones((3, 3))) > .5) & (row > 96)
    for name, comic, gray in zip(names, comics, lines):
        hair = cv2.dilate(solid(gray, 6), np.ones((3, 3), np.uint8)) > 0
        gray[outline & ~hair] = 255
        made = comic
        skin_color, shirt_color = colors.of(gray)
        for palette, color, mask in ((SKIN, skin_color, ~shirt), (SHIRT, shirt_color, shirt)):
            old = max(palette, key=lambda p: (np.abs(comic - bgr(p)).max(2) < 3)[mask].sum())
            made = recolored(made, old, color, mask)
        pairs.add(name, gray, made)


def read_set(folder, hold, flag):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".png"))
    if len(names) <= hold:
        sys.exit(f"character_pairs: {folder} has {len(names)} PNG files; more than --hold {hold} are needed")
    kept = names[:len(names) - hold]
    pictures = [cv2.imread(os.path.join(folder, n), flag) for n in kept]
    for name, picture in zip(kept, pictures):
        if picture is None or picture.shape[:2] != (SIDE, SIDE):
            sys.exit(f"character_pairs: {name} is no picture of {SIDE}x{SIDE} pixels")
    return kept, pictures, names[len(kept):]


def main():
    parser = argparse.ArgumentParser(description="pairs of line drawings and comics")
    parser.add_argument("--lines", required=True, metavar="DIR", help="black line drawings")
    parser.add_argument("--colored", required=True, metavar="DIR", help="comics")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder that receives A and B")
    parser.add_argument("--hold", type=int, default=100, metavar="N", help="drawings of each set that are left out [100]")
    args = parser.parse_args()
    line_names, drawings, held_lines = read_set(args.lines, args.hold, cv2.IMREAD_GRAYSCALE)
    comic_names, comics, held_comics = read_set(args.colored, args.hold, cv2.IMREAD_COLOR)
    pairs = PairFolder(args.out)
    colors = Colors(drawings)
    color_drawings(line_names, drawings, colors, pairs)
    draw_comics(comic_names, comics, colors, pairs)
    with open(os.path.join(args.out, "held-out.txt"), "w") as file:
        file.writelines(f"{name}\n" for name in held_lines + held_comics)
    print(f"{pairs.count} pairs in {args.out}; {len(held_lines) + len(held_comics)} drawings left out")


if __name__ == "__main__":
    main()
