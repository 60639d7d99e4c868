#!/usr/bin/env python3
"""Blind sheets: two kinds of drawings beside each other, in an order that the reader does not know.

  blind_sheet.py --sumi PROGRAM --model WEIGHTS --list FILE --out DIR --key KEY.json [--other WEIGHTS] [--styles ink,wash]
                 [--pairs 30] [--decoys 3] [--side 400] [--seed 1]
  blind_sheet.py --count VOTES.csv ... --key KEY.json

FILE names a photograph on each line. For each style DIR gets sheets of five rows, STYLE_1.png and so on: the photograph, and two
drawings of it as A and B. They are the drawings of WEIGHTS and of the style's own fast filter, or with --other of two networks. Among
the pairs are decoys, rows with the same drawing twice, which show whether a reader prefers a side. KEY.json says which drawing is of
WEIGHTS; keep it away from the sheets. A reader writes VOTES.csv, its name ending in -STYLE.csv: lines "row,A", "row,B" or
"row,neither". Needs Pillow.
"""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

STYLES = "ink,manga,wash,pencil,halftone,ukiyo"
ROWS, CELL, GAP = 5, 420, 8  # rows of a sheet; width of a picture; between pictures


def convert(program, photos, out, *options):
    subprocess.run([program, "convert", "-q", "-f", "png", "-i", photos, "-o", out, *options], check=True)


def at_short_side(image, side):
    k = side / min(image.size)
    return image.resize([round(v * k) for v in image.size], Image.LANCZOS)


def fit(path):
    image = Image.open(path).convert("RGB")
    return image.resize((CELL, round(image.height * CELL / image.width)), Image.LANCZOS)


def sheet(rows):
    """One picture of rows (number, [photograph, A, B])."""
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
        paths = [line for line in file.read().split("\n") if line][:args.pairs + args.decoys]
    os.makedirs(args.out, exist_ok=True)
    dice, key = random.Random(args.seed), {}
    with tempfile.TemporaryDirectory() as work:
        photos = os.path.join(work, "photos")
        os.makedirs(photos)
        names = [f"{i:03d}.png" for i in range(len(paths))]
        for path, name in zip(paths, names):
            at_short_side(Image.open(path).convert("RGB"), args.side).save(os.path.join(photos, name))
        for style in args.styles.split(","):
            first, second = os.path.join(work, style + ".1"), os.path.join(work, style + ".2")
            convert(args.sumi, photos, first, "-m", args.model, "-n", style)
            other = ["-m", args.other, "-n", style] if args.other else ["--style", style]
            convert(args.sumi, photos, second, *other)
            order = names[:]
            dice.shuffle(order)
            rows, key[style] = [], []
            for row, name in enumerate(order):
                answer = "=" if names.index(name) >= args.pairs else dice.choice("AB")
                twice = dice.choice([first, second])
                pair = {"A": [first, second], "B": [second, first], "=": [twice, twice]}[answer]
                key[style].append(answer)
                rows.append((row + 1, [fit(os.path.join(d, name)) for d in [photos] + pair]))
            for at in range(0, len(rows), ROWS):
                sheet(rows[at:at + ROWS]).save(os.path.join(args.out, f"{style}_{at // ROWS + 1}.png"))
    with open(args.key, "w", encoding="utf-8") as file:
        json.dump(key, file)


def read_votes(path, rows):
    """The vote for each row: "A", "B" or "neither"; "" where there is none."""
    votes = [""] * rows
    with open(path, encoding="utf-8", newline="") as file:
        for line in csv.reader(file):
            if len(line) < 2 or not line[0].strip().isdigit():
                continue  # a heading
            row, vote = int(line[0]), line[1].strip()
            vote = vote.upper() if vote.upper() in ("A", "B") else vote.lower()
            if not 1 <= row <= rows or vote not in ("A", "B", "neither"):
                sys.exit(f"{path}: {','.join(line)}: rows are 1 to {rows}, votes A, B or neither")
            votes[row - 1] = vote
    return votes


def count(args):
    with open(args.key, encoding="utf-8") as file:
        key = json.load(file)
    for path in args.count:
        style = os.path.basename(path).rsplit(".", 1)[0].rsplit("-", 1)[-1]
        if style not in key:
            sys.exit(f"{path}: the key has no style {style}; name the file ...-STYLE.csv")
        votes = read_votes(path, len(key[style]))
        asked = [(vote, answer) for vote, answer in zip(votes, key[style]) if answer != "=" and vote]
        network = sum(vote == answer for vote, answer in asked)
        neither = sum(vote == "neither" for vote, _ in asked)
        decoys = [vote for vote, answer in zip(votes, key[style]) if answer == "="]
        print(f"{os.path.basename(path)}: network {network}, other {len(asked) - network - neither}, neither {neither} "
              f"of {len(asked)}; sides A {sum(v == 'A' for v, _ in asked)}, B {sum(v == 'B' for v, _ in asked)}; "
              f"decoys {' '.join(decoys)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sumi")
    parser.add_argument("--model")
    parser.add_argument("--other", help="weights that --model is compared with, in place of the filter")
    parser.add_argument("--list")
    parser.add_argument("--out")
    parser.add_argument("--key", required=True, help="file of the answers")
    parser.add_argument("--styles", default=STYLES)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--decoys", type=int, default=3, help="rows with the same drawing twice")
    parser.add_argument("--side", type=int, default=400, help="short side of the photographs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", nargs="+", metavar="VOTES.csv", help="count these votes")
    args = parser.parse_args()
    if args.count:
        count(args)
    elif not (args.sumi and args.model and args.list and args.out):
        parser.error("give --sumi, --model, --list and --out, or --count")
    else:
        make(args)


if __name__ == "__main__":
    main()
