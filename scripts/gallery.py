#!/usr/bin/env python3
"""Trains each model for minutes and puts samples, loss curves, command and figures into docs/gallery.md.

Usage: gallery.py SUMI [NAME...] [--fashion FILE] [--landscapes DIR] [--drawings DIR] [--runs DIR]
       gallery.py --self-test

NAMEs are those of the table below; default: all. FILE is Fashion-MNIST's train-images-idx3-ubyte.gz (with
train-labels-idx1-ubyte.gz beside it). DIRs are folders of landscape photographs and of drawings in one style. Entries whose
data was not given are skipped with a message. All other entries train on samples/. An existing run (--runs, default
runs/gallery) is resumed, or used unchanged if it is finished. Steps and seeds are fixed, so the images are the same on
every machine of one kind; the minutes are not.

The text between `<!-- gallery NAME -->` and `<!-- end -->` in docs/gallery.md is replaced. The text around it is written
by hand, after looking at the images.
"""
import argparse
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import textwrap

import repo

FASHION, LANDSCAPES, DRAWINGS = "FASHION-MNIST", "LANDSCAPES", "DRAWINGS"
COLORED = "samples/characters/openpeeps"
CROPS = "--preprocess scale_width_and_crop --load-size 144 --crop-size 64"
SMALL = "--net-g resnet_6blocks --n-blocks 4 --norm instance --ngf 16 --ndf 16 --load-size 70 --crop-size 64"
NOISES = "generated from 64 noise vectors"
# Name, arguments of `sumi train`, steps, caption.
ENTRIES = [
    ("vae", f"vae --data {FASHION}", 4000, "eight images, below them their reconstructions, and 64 images generated from noise"),
    ("gan", f"gan --data {FASHION} --gan-mode wgan-gp --n-critic 3 --beta1 0.5 --ema 0.99", 2000, NOISES),
    ("gan-2014", f"gan --data {FASHION} --beta1 0.5 --init-type kaiming --init-gain 1 --lr-d 4e-4 --r1 0.2 --r1-interval 4 --label-smoothing 0.1 --ema 0.995", 4000,
     NOISES),
    ("pix2pix-colorize", f"pix2pix --task colorize --data {COLORED} {SMALL}", 1500, "input, generated and target"),
    ("wgan-gp", f"wgan-gp --data {FASHION} --size 16 --channels 1 --ngf 16 --ndf 16 --batch-size 32 --n-critic 2 --lr 5e-4 --save-every 300 --keep 9 --ema 0.99",
     1500, NOISES),
    ("infogan", f"infogan --data {FASHION} --batch-size 32", 800,
     "five noise vectors with each of ten categories; below, for each of the two continuous codes, five rows in which it goes from -2 to 2"),
    ("animegan", f"animegan --data-a {LANDSCAPES} --data-b {DRAWINGS} --net-g animegan2_lite --ngf 16 --ndf 16 --batch-size 4 {CROPS} "
     "--init-epochs 8", 800, "photographs, and their translations"),
    ("cartoongan", f"cartoongan --data-a {LANDSCAPES} --data-b {DRAWINGS} --upsample bilinear --n-blocks 4 --ngf 16 --ndf 16 --batch-size 4 {CROPS} "
     "--init-epochs 50 --lr-d 5e-5", 3000, "photographs, and their translations"),
    ("autoencoder-gan", f"gan-autoencoder --data {COLORED} --size 32 --ngf 32 --ndf 32 --beta1 0.5 --ema 0.99", 2000, NOISES),
    ("autoencoder-gan-converter", f"photo-converter --data-a {COLORED} --data-b samples/characters/lorelei --load-size 64 --crop-size 64 "
     "--no-flip --ngf 32 --ndf 32 --nz 64 --batch-size 8 --bn-momentum 0.9 --lambda-autoencoder 2 --ema 0.99", 2000,
     "colored drawings, their translations, and line drawings"),
    ("gan-conv", f"gan-conv --data {FASHION} --ngf 8 --lr 1e-3 --beta1 0.5 --bn-momentum 0.9 --ema 0.99 --no-save-every-epoch", 800, NOISES),
    ("wgan", f"wgan --data {FASHION} --size 16 --channels 1 --ngf 16 --ndf 16 --upsample nearest --lr 2e-4 --ema 0.99", 3000, NOISES),
    ("pix2pix-superres", f"pix2pix --task superres --data {COLORED} {SMALL}", 1500, "input, generated and target"),
    ("gan-reshape", f"gan-reshape --data {FASHION} --ngf 32 --ndf 256 --gan-mode wgan-gp --n-critic 3 --beta1 0.5 --batch-size 64 --ema 0.995", 3000,
     NOISES),
]
# For these the distance of the samples from the data is measured at every checkpoint (a table below the sheet).
MEASURED = {"wgan-gp"}
DRAWN = 1000  # images for a distance


def say(text):
    print(f"gallery: {text}", flush=True)


def output(command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def stats(run):
    return [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]


def newest(folder, suffix):
    return max(folder.glob("*" + suffix), key=lambda path: int(path.stem) if path.stem.isdigit() else -1)


def processor_seconds():
    """Processor time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train(sumi, words, steps, run, data):
    """Starts or resumes the run until it has made its steps."""
    if (run / "stats.jsonl").exists():
        if stats(run)[-1]["step"] >= steps:
            return
        command = [sumi, "train", "--resume", run]
    else:
        command = [sumi, "train", *(data.get(word, word) for word in words.split()), "--steps", steps, "--seed", 1, "--outdir", run,
                   "--sample-every", steps, "--log-every", max(1, steps // 200), "--threads", 1]
    before = processor_seconds()
    subprocess.run([str(word) for word in [*command, "-q"]], check=True)
    # Processor time, not wall-clock time: the machine may have other work.
    spent = run / "processor_seconds.txt"
    spent.write_text(str(processor_seconds() - before + (float(spent.read_text()) if spent.exists() else 0)))


def distances(sumi, run, real):
    """Rows of a table: step, loss of the critic, distance of generated images from the data."""
    rows = ["| step | critic's loss, last 50 steps | FD on sumi's own features |", "|---|---|---|"]
    lines = stats(run)
    for checkpoint in sorted((run / "checkpoints").glob("*.safetensors"), key=lambda path: int(path.stem)):
        step = int(checkpoint.stem)
        near = [line["loss_d"] for line in lines if step - 50 < line["step"] <= step]
        if not near:
            continue
        with tempfile.TemporaryDirectory() as drawn:
            output([sumi, "generate", "-m", checkpoint, "-n", DRAWN, "-o", drawn + "/"])
            distance = re.search(r"^FD on .*?(\S+)$", output([sumi, "distance", "-a", real, "-b", drawn, "--max-images", DRAWN, "--size", 32]), re.M)
        rows.append(f"| {step} | {sum(near) / len(near):.2f} | {float(distance[1]):.1f} |")
    return "\n".join(rows) + "\n\n"


def section(name, words, steps, shows, run, table):
    """The section of the page for this run."""
    minutes = float((run / "processor_seconds.txt").read_text()) / 60
    wrapped, line = [], "sumi train"
    for word in f"{words} --steps {steps} --seed 1 --threads 1 --outdir runs/{name}".split():
        if len(line) + len(word) > 110:
            wrapped.append(line + " \\")
            line = " "
        line += " " + word
    wrapped.append(line)
    return (f"![{name}: {shows}](images/gallery/{name}.png)\n\n{textwrap.fill(f'*{name}: {shows}.*', 100)}\n\n"
            f"![Loss curves](images/gallery/{name}-loss.png)\n\n{table}"
            f"```sh\n" + "\n".join(wrapped) + f"\n```\n\n{steps:,} steps, {minutes:.1f} minutes on one processor core.\n")


def replace(page, name, text):
    """The page with the section of that name replaced; None without its marks."""
    marks = re.compile(rf"(<!-- gallery {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    return marks.sub(lambda match: match[1] + text + match[2], page, count=1) if marks.search(page) else None


def self_test():
    page = "a\n<!-- gallery x -->\nold\n<!-- end -->\nb\n<!-- gallery y -->\nkept\n<!-- end -->\n"
    new = replace(page, "x", "new \\1\n")
    assert new == page.replace("old", "new \\1"), new
    assert replace(page, "z", "") is None
    names = [entry[0] for entry in ENTRIES]
    assert len(set(names)) == len(names)
    real = (repo.ROOT / "docs/gallery.md").read_text()
    for name in names:
        assert replace(real, name, "") is not None, f"docs/gallery.md has no section for {name}"
    say("self-test passed")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("sumi", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=pathlib.Path, default=repo.ROOT / "runs/gallery")
    for option, _ in (given := [("--fashion", FASHION), ("--landscapes", LANDSCAPES), ("--drawings", DRAWINGS)]):
        parser.add_argument(option, type=pathlib.Path)
    arguments = parser.parse_args()
    data = {word: getattr(arguments, option[2:]) for option, word in given}
    missing = {word for word, path in data.items() if path is None}
    unknown = set(arguments.names) - {entry[0] for entry in ENTRIES}
    if unknown:
        sys.exit(f"gallery: there is no entry {', '.join(sorted(unknown))}")
    images = repo.ROOT / "docs/images/gallery"
    images.mkdir(parents=True, exist_ok=True)
    for name, words, steps, shows in ENTRIES:
        if arguments.names and name not in arguments.names:
            continue
        if lacking := missing & set(words.split()):
            say(f"{name} is skipped: it needs {' and '.join(sorted(lacking))}")
            continue
        run = arguments.runs / name
        say(name)
        train(arguments.sumi, words, steps, run, data)
        table = distances(arguments.sumi, run, data[FASHION]) if name in MEASURED else ""
        shutil.copy(newest(run / "samples", ".png"), images / f"{name}.png")
        shutil.copy(run / "loss.png", images / f"{name}-loss.png")
        page = repo.ROOT / "docs/gallery.md"
        page.write_text(replace(page.read_text(), name, section(name, words, steps, shows, run, table)))


if __name__ == "__main__":
    self_test() if sys.argv[1:] == ["--self-test"] else main()
