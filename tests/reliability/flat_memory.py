#!/usr/bin/env python3
"""Tests that memory stays flat during one conversion of many small images and one training of many steps, by reading the
process's resident memory. After everything has been done at least once, which takes up to two fifths of a short run (its
first sample sheet, its first curves), memory must not grow with the work.

Usage: flat_memory.py [--pictures N] [--steps N] [--allow KIB]
The program is $SUMI. Prints the memory at 10, 50 and 100 %."""
import argparse
import os

import harness as h


def resident(pid):
    """KiB, or 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmRSS:")), 0)
    except OSError:
        return 0


def watch(process, done, total, pause):
    """Pairs (share of the work that is done, KiB) until the process ends, which it must do well."""
    seen = []
    while process.poll() is None:
        kib, share = resident(process.pid), done() / total
        if kib and share < 1:  # at the end libraries take themselves down, with pages of their own
            seen.append((share, kib))
        h.time.sleep(pause)
    result = h.finish(process)
    h.require(result[0] == 0, f"{result}")
    return seen


def judge(seen, allow):
    """The largest of the last tenth against the largest of the first 40 %."""
    early = [kib for share, kib in seen if 0 < share <= 0.4]
    late = [kib for share, kib in seen if share >= 0.9]
    h.require(early and late, f"too quick to be watched: {len(seen)} readings")
    at = {mark: min(seen, key=lambda pair: abs(pair[0] - mark))[1] for mark in (0.1, 0.5, 1.0)}
    text = ", ".join(f"{kib} KiB at {mark:.0%}" for mark, kib in at.items())
    h.require(max(late) <= max(early) + allow, f"grew: {text}; largest {max(early)}, later {max(late)} KiB")
    return f"{text}; largest {max(early)} up to 40 %, {max(late)} KiB in the last tenth; {len(seen)} readings"


def convert(folder, count, allow):
    h.sumi(folder, "train", "cyclegan", "--data-a", "a", "--data-b", "a", "--load-size", "10", "--crop-size", "8", "--ngf",
           "2", "--ndf", "2", "--n-blocks", "1", "--n-layers-d", "1", "--steps", "1", "--threads", "1", "-q", "--outdir",
           "model")
    h.write_pictures(folder / "in", count, 20, sizes=20)
    process = h.start(folder, "convert", "-m", "model", "-i", "in", "-o", "out", "--threads", "1", "-q")
    return judge(watch(process, lambda: sum(len(f) for _, _, f in os.walk(folder / "out")), count, 0.02 + count / 1e5),
                 allow)


def train(folder, steps, allow):
    run = folder / "run"
    every = max(steps // 100, 10)
    process = h.start(folder, "train", "gan", "--data", "a", "--outdir", "run", "--size", "8", "--channels", "3", "--ngf",
                      "4", "--ndf", "4", "--nz", "4", "--batch-size", "2", "--steps", str(steps), "--threads", "1",
                      "--workers", "2", "--save-every", str(steps // 10), "--sample-every", str(steps // 5),
                      "--log-every", str(every), "--ema", "0.9", "-q")

    def done():
        try:
            return (run / "stats.jsonl").read_bytes().count(b"\n") * every
        except OSError:
            return 0
    return judge(watch(process, done, steps, 0.01 + steps / 1e6), allow)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--allow", type=int, default=2048, help="KiB that it may grow, for the allocator's mood")
    args = parser.parse_args()
    with h.Folder() as folder:
        h.write_pictures(folder / "a", 12, 12, seed=1)
        h.main([(f"convert {args.pictures} pictures", lambda: convert(folder, args.pictures, args.allow)),
                (f"train {args.steps} steps", lambda: train(folder, args.steps, args.allow))])


if __name__ == "__main__":
    main()
