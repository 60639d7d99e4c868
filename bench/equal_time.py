#!/usr/bin/env python3
"""GANs from noise at equal processor time: trains each recipe with each seed for a budget, and judges it with sumi evaluate.

A run counts its own processor time (user and system, all threads), so that a busy machine does not change the result. Prints
a table in Markdown: mean and standard deviation over the seeds of sumi's feature distances (lower is better), precision and
recall (higher is better), and the steps that the budget allowed.

    bench/equal_time.py --data DIR --minutes 3 --seeds 1,2,3 --size 32 --outdir runs/equal --cache cache
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import time

NARROW = ["--ngf", "32", "--ndf", "32", "--batch-size", "32"]
RECIPES = {
    "dcgan": ["dcgan", *NARROW],
    "dcgan, EMA": ["dcgan", *NARROW, "--ema", "0.999"],
    "wgan-gp": ["wgan-gp", *NARROW, "--n-critic", "2", "--ema", "0.999"],
    "r3gan": ["r3gan", *NARROW, "--ngf", "16", "--ndf", "16", "--r1", "0.1", "--r2", "0.1"],
    "r3gan, penalties every 4 steps": ["r3gan", *NARROW, "--ngf", "16", "--ndf", "16", "--r1", "0.1", "--r2", "0.1",
                                       "--r1-interval", "4"],
    "dcgan, relativistic, R1, R2": ["dcgan", *NARROW, "--ema", "0.999", "--gan-mode", "relativistic", "--r1", "0.1", "--r2", "0.1",
                                    "--r1-interval", "4", "--init-type", "kaiming", "--init-gain", "1"],
}
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """User and system time of a process, all threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def train(options, arguments, run, seed):
    command = [options.sumi, "train", *arguments, "--data", options.data, "--size", options.size, "--seed", seed, "--outdir", run,
               "--steps", 10**7, "--save-every", 10**7, "--sample-every", 500, "--threads", options.threads, "--cache", options.cache,
               "-q", *options.more]
    with subprocess.Popen([str(word) for word in command]) as child:
        while child.poll() is None:
            try:
                if processor_seconds(child.pid) >= 60 * options.minutes:
                    child.send_signal(signal.SIGINT)  # finishes the step and saves
                    child.wait()
            except FileNotFoundError:
                pass
            time.sleep(0.2)
    if child.returncode not in (0, 130):
        raise SystemExit(f"{run}: sumi ended with {child.returncode}")
    return int(json.loads((run / "stats.jsonl").read_text().splitlines()[-1])["step"])


def judge(options, run):
    command = [options.sumi, "evaluate", "-m", run, "--data", options.data, "-n", options.count, "--json", "--threads", options.threads,
               "--cache", options.cache]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sumi", default=os.environ.get("SUMI", "sumi"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--outdir", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, help="folder of packed data sets")
    parser.add_argument("--minutes", type=float, default=3, help="of processor time for each run")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--size", default="32")
    parser.add_argument("--count", type=int, default=1000, help="generated images that are judged")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--recipes", default="", help="names of recipes, with ; between (default: all)")
    parser.add_argument("more", nargs="*", help="further options for every run, after --")
    options = parser.parse_args()
    names = options.recipes.split(";") if options.recipes else list(RECIPES)
    table, keys = {}, []
    for seed in options.seeds.split(","):
        for name in names:
            run = options.outdir / (name.replace(", ", "-").replace(" ", "-") + "-" + seed)
            steps = train(options, RECIPES[name], run, seed)
            scores = {"steps": steps, **{k: v for k, v in judge(options, run).items()}}
            print(name, "seed", seed, json.dumps(scores), flush=True)
            table.setdefault(name, []).append(scores)
    keys = [k for k in next(iter(table.values()))[0]]
    print("\n| recipe | " + " | ".join(keys) + " |\n|---|" + "---|" * len(keys))
    for name, rows in table.items():
        cells = []
        for key in keys:
            values = [row[key] for row in rows if isinstance(row[key], (int, float))]
            spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):.4g}{spread}" if values else "")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
