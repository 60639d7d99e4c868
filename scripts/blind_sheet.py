#!/usr/bin/env python3
"""Blind sheets: a stylizer beside its own fast filter, in an order that the reader does not know.

  blind_sheet.py --sumi PROGRAM --model WEIGHTS --list FILE --out DIR [--styles ink,wash] [--pairs 30] [--side 400] [--seed 1]
  blind_sheet.py --count DIR

FILE names a photograph on each line. For each style DIR gets sheets of ten rows, STYLE_1.png and so on: the photograph, and the two
pictures as A and B. KEY.json says which of them is the network's; do not open it before the votes are written. Votes go to
DIR/votes.json: {"STYLE": "ABAB..."}, a letter for each row from the first on, - for neither. --count compares the two. Needs Pillow.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

STYLES = "ink,manga,wash,pencil,halftone,ukiyo"
ROWS, CELL, GAP = 10, 420, 8  # rows of a sheet; width of a picture; between pictures


def convert(program, photos, out, *options):
    subprocess.run([program, "convert", "-q", "-f", "png", "-i", photos, "-o", out, *options], check=True)


def at_short_side(image, side):
    k = side / min(image.size)
    return image.resize([round(v * k) for v in image.size], Image.LANCZOS)


def fit(image):
    return image.resize((CELL, round(image.height * CELL / image.width)), Image.LANCZOS)


def sheet(rows):
    """One picture of rows [photograph, A, B], numbered from the first row's number on."""
    heights = [max(cell.height for cell in cells) for _, cells in rows]
    page = Image.new("RGB", (3 * CELL + 4 * GAP, sum(heights) + GAP * (len(rows) + 1)), "white")
    draw, y = ImageDraw.Draw(page), GAP
    for (number, cells), height in zip(rows, heights):
        for i, cell in enumerate(cells):
            x = GAP + i * (CELL + GAP)
            page.paste(cell, (x, y))
            draw.rectangle((x, y, x + 34, y + 14), fill="white")
            draw.text((x + 3, y + 2), f"{number} {('', 'A', 'B')[i]}", fill="black")
        y += height + GAP
    return page


def make(args):
    with open(args.list, encoding="utf-8") as file:
        paths = [line for line in file.read().split("\n") if line][:args.pairs]
    os.makedirs(args.out, exist_ok=True)
    dice, key = random.Random(args.seed), {}
    with tempfile.TemporaryDirectory() as work:
        photos = os.path.join(work, "photos")
        os.makedirs(photos)
        names = [f"{i:03d}.png" for i in range(len(paths))]
        for path, name in zip(paths, names):
            at_short_side(Image.open(path).convert("RGB"), args.side).save(os.path.join(photos, name))
        for style in args.styles.split(","):
            network, quick = os.path.join(work, style + ".net"), os.path.join(work, style + ".filter")
            convert(args.sumi, photos, network, "-m", args.model, "-n", style)
            convert(args.sumi, photos, quick, "--style", style)
            key[style] = "".join(dice.choice("AB") for _ in names)
            rows = []
            for i, name in enumerate(names):
                pair = [network, quick] if key[style][i] == "A" else [quick, network]
                rows.append((i + 1, [fit(Image.open(os.path.join(d, name)).convert("RGB")) for d in [photos] + pair]))
            for first in range(0, len(rows), ROWS):
                sheet(rows[first:first + ROWS]).save(os.path.join(args.out, f"{style}_{first // ROWS + 1}.png"))
    with open(os.path.join(args.out, "KEY.json"), "w", encoding="utf-8") as file:
        json.dump(key, file)


def count(folder):
    def load(name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return json.load(file)

    key, votes = load("KEY.json"), load("votes.json")
    for style, chosen in votes.items():
        if style not in key or len(chosen) != len(key[style]):
            sys.exit(f"votes.json: {style} needs {len(key.get(style, ''))} letters")
        network = sum(a == b for a, b in zip(chosen, key[style]))
        neither = chosen.count("-")
        print(f"{style}: network {network}, filter {len(chosen) - network - neither}, neither {neither}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sumi")
    parser.add_argument("--model")
    parser.add_argument("--list")
    parser.add_argument("--out")
    parser.add_argument("--styles", default=STYLES)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--side", type=int, default=400, help="short side of the photographs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", metavar="DIR", help="count the votes in DIR")
    args = parser.parse_args()
    if args.count:
        count(args.count)
    elif not (args.sumi and args.model and args.list and args.out):
        parser.error("give --sumi, --model, --list and --out, or --count")
    else:
        make(args)


if __name__ == "__main__":
    main()
