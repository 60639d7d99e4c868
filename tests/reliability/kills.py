#!/usr/bin/env python3
"""Kills training, packing and conversion at random moments, by SIGKILL, SIGTERM and SIGINT, and checks that nothing is lost:
files under their final names are complete, the newest checkpoint loads, a resumed run ends in the bytes of an
uninterrupted one, and no temporary file outlives the next start.

Usage: kills.py [--runs N] [--others N] [--seed S] [--inspect N] [--lean PROGRAM]
N kills of training; of packing and conversion each. The program is $SUMI. PROGRAM is a build without the image libraries
(SUMI_PICTURES=OFF), whose loading dominates a short run; it replaces $SUMI for training, on sets that $SUMI packed."""
import argparse
import collections
import random
import signal
import time

import harness as h

TINY = ("--threads", "1", "--workers", "1", "--seed", "3", "--save-every", "20", "--sample-every", "25",
        "--log-every", "5", "--keep", "2", "--no-progress")
# Name, its images as options, the others, steps in a long run of this test (a quarter in a short one).
NETWORKS = {
    "dcgan": (("--data", "a"), ("--size", "8", "--ngf", "2", "--ndf", "2", "--nz", "4", "--batch-size", "2",
                                "--ema", "0.9"), 400),
    "gan": (("--data", "a"), ("--size", "8", "--ngf", "4", "--ndf", "4", "--nz", "4", "--batch-size", "2",
                              "--save-every-epoch"), 400),
    "cyclegan": (("--data-a", "a", "--data-b", "b"),
                 ("--load-size", "10", "--crop-size", "8", "--ngf", "2", "--ndf", "2", "--n-blocks", "1",
                  "--n-layers-d", "1", "--pool-size", "5", "--dropout"), 200),
}
FULL = h.SUMI
LONG = False
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


class Tally(collections.Counter):
    def __str__(self):
        return ", ".join(f"{count} {what}" for what, count in self.items())


def startup(folder):
    """Seconds until the program does anything, on this machine as busy as it is."""
    begin = time.monotonic()
    h.sumi(folder, "--version")
    return time.monotonic() - begin


def strike(process, number, rng, unit, watched):
    """Sends the signal at a random moment of the first 3 units, in a third of the cases as soon as a file is being
    written in `watched`. Returns whether the process was still there."""
    aimed = rng.random() < 0.35
    end = time.monotonic() + unit * (8 if aimed else rng.uniform(0, 3))
    before = h.temporaries(watched)
    while process.poll() is None and time.monotonic() < end and not (aimed and set(h.temporaries(watched)) - set(before)):
        time.sleep(0.0005)
    if process.poll() is not None:
        return False
    process.send_signal(number)
    return True


def ended_cleanly(result, number):
    """Whether a process that got the signal ended by itself; else it was ended at once: by SIGKILL, or before work."""
    code, out, err = result
    if code == -number:
        return False
    h.require(code == 0 or (code == 128 + number and number != signal.SIGKILL), f"signal {number}: {result}")
    strange = [line for line in err.splitlines() if line and not line.startswith("sumi: ")]
    h.require(not strange, f"stderr: {err}")
    return True


def packed(folder, model):
    """The model's data as packed sets."""
    data, options, _ = NETWORKS[model]
    cache = folder / f"packs-{model}"
    h.sumi(folder, "train", model, *data, "--outdir", "packing", "--cache", cache.name, *options, "--steps", "1")
    h.shutil.rmtree(folder / "packing")
    packs = [str(p.relative_to(folder)) for p in sorted(cache.iterdir())]
    return tuple(word for pair in zip(data[::2], packs) for word in pair)


def train_arguments(model, data, run):
    _, options, steps = NETWORKS[model]
    steps = steps if LONG else steps // 4
    if run.exists() and h.checkpoints(run):
        return ("train", "--resume", run.name, "--no-progress")
    return ("train", model, *data, "--outdir", run.name, *TINY, *options, "--steps", str(steps))


def kill_training(folder, model, runs, args, rng):
    data = NETWORKS[model][0]
    if args.lean:
        data, h.SUMI = packed(folder, model), args.lean
    reference = folder / f"reference-{model}"
    h.sumi(folder, *train_arguments(model, data, reference))
    tally, kills, run, finished = Tally(), 0, folder / model, False
    while kills < runs or not finished:
        if kills % 20 == 0:
            unit = startup(folder)
        process = h.start(folder, *train_arguments(model, data, run))
        number = rng.choice(SIGNALS)
        hit = kills < runs and strike(process, number, rng, unit, run)
        finished = not hit
        result = h.finish(process)
        if run.exists():
            h.require_whole_run(run)
        left = h.temporaries(run) if run.exists() else []
        if not hit:
            h.require(result[0] == 0, f"{result}")
            h.require(not left, f"temporaries after the end: {left}")
            h.require_same_run(run, reference)
            tally["finished, same bytes"] += 1
            h.shutil.rmtree(run)
            continue
        kills += 1
        tally[signal.Signals(number).name] += 1
        if left:
            tally["left a temporary"] += 1
        clean = ended_cleanly(result, number)
        h.require(not (clean and left), f"temporaries after a clean end: {left}")
        if clean and "saved" in result[1]:
            saved = result[1].split("saved ", 1)[1].splitlines()[0]
            h.read_checkpoint(folder / saved)
            tally["saved what it had"] += 1
        if run.exists() and h.checkpoints(run) and kills % args.inspect == 0:
            shown, _ = h.sumi(folder, "inspect", run.name)
            h.require("full" in shown, f"inspect: {shown}")
    h.SUMI = FULL
    return tally


def kill_packing(folder, runs, rng):
    """The first train on a cache that is not there."""
    h.write_pictures(folder / "many", 300, 24, seed=9)

    def pack(cache, outdir):
        return h.start(folder, "train", "gan", "--data", "many", "--outdir", outdir, "--cache", cache, "--size", "16",
                       "--channels", "3", "--ngf", "2", "--ndf", "2", "--batch-size", "2", "--steps", "1",
                       "--threads", "1", "--workers", rng.choice("0127"), "--sample-every", "0", "--no-progress")
    h.require(h.finish(pack("good", "packed"))[0] == 0, "the packing that is not killed")
    (good,) = (folder / "good").iterdir()
    tally, cache, unit = Tally(), folder / "fresh", startup(folder)
    for kill in range(runs):
        outdir = f"pack-{kill}"
        process, number = pack("fresh", outdir), rng.choice(SIGNALS)
        hit = strike(process, number, rng, unit, cache)
        result = h.finish(process)
        if hit:
            tally[signal.Signals(number).name] += 1
            ended_cleanly(result, number)
        else:
            tally["done before the kill"] += 1
        packs = list(cache.glob("*.pack"))
        for pack_path in packs:
            h.require(pack_path.read_bytes() == good.read_bytes(), f"{pack_path} is not the whole pack")
        tally["left a temporary"] += 1 if h.temporaries(cache) else 0
        if packs or kill % 4 == 3:  # the next start: finishes, cleans
            h.shutil.rmtree(folder / outdir, ignore_errors=True)
            if packs:
                packs[0].unlink()
            h.require(h.finish(pack("fresh", outdir))[0] == 0, "packing after a kill")
            h.require([p.name for p in cache.iterdir()] == [good.name], f"left: {list(cache.iterdir())}")
            h.require((cache / good.name).read_bytes() == good.read_bytes(), "another pack after a kill")
            h.shutil.rmtree(cache)
        h.shutil.rmtree(folder / outdir, ignore_errors=True)
    return tally


def kill_conversion(folder, runs, rng):
    h.sumi(folder, "train", "cyclegan", *NETWORKS["cyclegan"][0], *NETWORKS["cyclegan"][1], "--outdir", "model",
           "--steps", "2", "--threads", "1", "--workers", "0")
    h.write_pictures(folder / "in", 30, 48, seed=5)
    extensions = ("jpg", "webp", "tif", "bmp") if LONG else ()
    for i, extension in enumerate(extensions):
        h.sumi(folder, "convert", "-m", "model", "-i", f"in/{i:05}.png", "-o", f"in/sub/x.{extension}", "-q")
    base = ("convert", "-m", "model", "-i", "in", "--threads", "1", "--no-progress")
    h.sumi(folder, *base, "-o", "expected")
    expected = {p.relative_to(folder / "expected"): h.timeless(p) for p in (folder / "expected").rglob("*.*")}
    h.require(len(expected) == 30 + len(extensions), f"{len(expected)} pictures")
    tally, out, unit = Tally(), folder / "out", startup(folder)
    for kill in range(runs):
        process, number = h.start(folder, *base, "-o", "out", "--skip-existing"), rng.choice(SIGNALS)
        hit = strike(process, number, rng, unit, out)
        result = h.finish(process)
        clean = False
        if hit:
            tally[signal.Signals(number).name] += 1
            clean = ended_cleanly(result, number)
        else:
            tally["done before the kill"] += 1
        left = h.temporaries(out) if out.exists() else []
        h.require(not (left and (clean or not hit)), f"temporaries after a clean end: {left}")
        tally["left a temporary"] += 1 if left else 0
        there = [p.relative_to(out) for p in out.rglob("*") if p.is_file() and p not in left] if out.exists() else []
        for name in there:
            h.require(h.timeless(out / name) == expected[name], f"{name} is not the whole picture")
        if len(there) == len(expected) or kill == runs - 1:
            h.sumi(folder, *base, "-o", "out", "--skip-existing")
            names = {p.relative_to(out) for p in out.rglob("*") if p.is_file()}
            h.require(names == set(expected), f"left over or missing: {names ^ set(expected)}")
            tally["finished, same bytes"] += 1
            h.shutil.rmtree(out)
    return tally


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--others", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inspect", type=int, default=4, help="call inspect after every N-th kill of training")
    parser.add_argument("--lean")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    global LONG
    LONG = args.runs >= 20 or args.others >= 20
    shares = {"dcgan": args.runs, "gan": 0, "cyclegan": 0}
    if LONG:
        shares = {"dcgan": args.runs - args.runs // 6 - args.runs // 4, "gan": args.runs // 6, "cyclegan": args.runs // 4}
    with h.Folder() as folder:
        h.write_pictures(folder / "a", 24, 12, seed=1)
        h.write_pictures(folder / "b", 16, 14, seed=2)
        tests = [(f"train {m}", lambda m=m, n=n: kill_training(folder, m, n, args, rng)) for m, n in shares.items() if n]
        if args.others:
            tests.append(("packing", lambda: kill_packing(folder, args.others, rng)))
            tests.append(("conversion", lambda: kill_conversion(folder, args.others, rng)))
        h.main(tests)


if __name__ == "__main__":
    main()
