#!/usr/bin/env python3
"""How often a gate is right, by set of images.

  judge_gate.py --sumi PROGRAM --model CHECKPOINT CLASS=DIR...

CLASS is a class name of the gate (photo, drawing, other); DIR holds images of that class. Prints a
row per set: images, the share whose most probable class is right, the share that sumi convert would
pass on unchanged ("already"), and the share that --gate require would refuse. Then the share that is
right over all sets of a class, and over all images. The two largest errors of each set follow.
"""
import argparse
import json
import os
import subprocess


def scores(args, folder):
    command = [args.sumi, "gate", "-m", args.model, "-i", folder, "--json"]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    return [json.loads(line) for line in out.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sumi", default="build/ci-release/sumi")
    parser.add_argument("--model", required=True)
    parser.add_argument("sets", nargs="+", metavar="CLASS=DIR")
    args = parser.parse_args()
    totals, errors = {}, []
    print("| class | set | images | right | already | refused |\n|---|---|---|---|---|---|")
    for item in args.sets:
        name, folder = item.split("=", 1)
        lines = scores(args, folder)
        if not lines:
            raise SystemExit(f"judge_gate.py: {folder} holds no readable image")
        right = sum(max(line["scores"], key=line["scores"].get) == name for line in lines)
        verdicts = [line["verdict"] for line in lines]
        total = totals.setdefault(name, [0, 0, 0])
        for i, count in enumerate((right, len(lines), verdicts.count("already"))):
            total[i] += count
        print(f"| {name} | {os.path.basename(folder.rstrip('/'))} | {len(lines)} | {right / len(lines):.3f} | "
              f"{verdicts.count('already') / len(lines):.3f} | {verdicts.count('unfit') / len(lines):.3f} |")
        lines.sort(key=lambda line: line["scores"][name])
        errors += [(line["image"], line["scores"]) for line in lines[:2]]
    for name, (right, count, already) in totals.items():
        print(f"{name}: {right} of {count} right ({right / count:.4f}), {already / count:.4f} already")
    right, count = (sum(total[i] for total in totals.values()) for i in (0, 1))
    print(f"all: {right} of {count} right ({right / count:.4f})")
    for image, score in errors:
        print(os.path.basename(image), " ".join(f"{k} {v:.3f}" for k, v in score.items()))


if __name__ == "__main__":
    main()
