#!/usr/bin/env python3
"""Times sumi convert from file to file, beside PyTorch and onnxruntime on the same network.

Usage: convert.py SUMI PHOTO [--count N] [--side PX] [--threads N] [--runs N] [--torch-python PYTHON]
                  [--onnx-python PYTHON]

Two tables, of medians over the runs.
1. N copies of PHOTO, cut to PX x PX, JPEG to JPEG, through the generator of a CycleGAN (64 channels, 9 blocks,
   random weights) that sumi exports: images per second of the wall clock and of processor time, the whole program
   and without its start (the difference to a run of one image), and where the time goes. The libraries run in
   turns. A library whose Python lacks it is named and skipped; PyTorch exports the network for onnxruntime. Before
   that the results of all are compared.
2. sumi alone: a start with one image of 512 pixels, and 12 megapixels with -m comic at the default and at the full
   working size and in the style ink.

On a loaded machine read the processor time: wall clocks say little."""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

# Mean difference of the results in levels. Two JPEG files of the same picture differ at edges by more.
MOST_APART = 1.5
PEER = str(pathlib.Path(__file__).resolve().parent / "peers" / "convert_images.py")


def timed(command):
    """(seconds, processor seconds, standard output)."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds, after = time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "failed")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def cut(photo, width, height, path):
    from PIL import Image, ImageOps
    ImageOps.fit(Image.open(photo).convert("RGB"), (width, height)).save(path, quality=95, subsampling=0)


class Sumi:
    def __init__(self, program, weights, threads):
        self.command = [program, "convert", "-m", weights, "--threads", str(threads), "--json"]
        self.name = "sumi"

    def run(self, folder, out):
        seconds, cpu, text = timed(self.command + ["-i", folder, "-o", out])
        lines = [json.loads(line) for line in text.splitlines()]
        return {"seconds": seconds, "cpu": cpu,
                **{part: sum(line[part + "_seconds"] for line in lines) for part in ("load", "compute", "save")}}


class Peer:
    def __init__(self, python, library, network, threads, more=()):
        self.command = [python, PEER, library, network]
        self.more = ["--threads", str(threads), *more]
        self.name = library

    def run(self, folder, out):
        seconds, cpu, text = timed(self.command + [folder, out] + self.more)
        result = json.loads(text.splitlines()[-1])
        self.name = result["library"]
        return {"seconds": seconds, "cpu": cpu, **{part: result[part] for part in ("load", "compute", "save")}}


def differences(a, b):
    """(largest, mean) difference of two images in levels."""
    import numpy as np
    from PIL import Image
    first, second = (np.asarray(Image.open(p).convert("RGB"), int) for p in (a, b))
    apart = abs(first - second)
    return int(apart.max()), float(apart.mean())


def exported_network(sumi, folder):
    photos = os.path.join(folder, "photos")
    os.makedirs(photos)
    for i in range(2):
        from PIL import Image
        Image.effect_noise((64, 64), 60 + i).convert("RGB").save(os.path.join(photos, f"{i}.png"))
    run, weights = os.path.join(folder, "run"), os.path.join(folder, "g.safetensors")
    timed([sumi, "train", "cyclegan", "--data-a", photos, "--data-b", photos, "--outdir", run, "--load-size", "64",
           "--crop-size", "64", "--steps", "1", "--sample-every", "0", "--init-gain", "0.05", "-q"])
    timed([sumi, "export", "-m", run, "--net", "g_ab", "--layout", "torch", "-o", weights, "-q"])
    return weights


def libraries(given, weights, folder, one):
    """sumi and the others that work, each after its result was compared with sumi's."""
    sumi = Sumi(given.sumi, weights, given.threads)
    sumi.run(one, os.path.join(folder, "sumi-out"))
    onnx = os.path.join(folder, "net.onnx")
    peers = [(given.torch_python, "torch", weights, ["--export", onnx]), (given.onnx_python, "onnxruntime", onnx, [])]
    working = [sumi]
    for python, library, network, more in peers:
        out = os.path.join(folder, library + "-out")
        try:
            Peer(python, library, network, given.threads, more).run(one, out)
        except (RuntimeError, OSError) as error:
            print(f"convert: {library} is skipped: {error}", file=sys.stderr)
            continue
        far, mean = differences(os.path.join(out, "000.jpg"), os.path.join(folder, "sumi-out", "000.jpg"))
        print(f"{library}: at most {far} levels from sumi's result, {mean:.2f} on average, JPEG included")
        if mean > MOST_APART:
            sys.exit(f"convert: {library} computes something else; its times mean nothing")
        working.append(Peer(python, library, network, given.threads))
    return working


def compare_libraries(given, folder):
    one, many = os.path.join(folder, "one"), os.path.join(folder, "many")
    for path, count in ((one, 1), (many, given.count)):
        os.makedirs(path)
        for i in range(count):
            cut(given.photo, given.side, given.side, os.path.join(path, f"{i:03}.jpg"))
    working = libraries(given, exported_network(given.sumi, folder), folder, one)
    results = {library: ([], []) for library in working}
    for _ in range(given.runs):
        for library in working:
            for images, found in zip((one, many), results[library]):
                found.append(library.run(images, os.path.join(folder, "out")))
    print(f"\n{given.count} images of {given.side}x{given.side}, {given.threads} threads; seconds")
    print(f"{'':22}{'start':>8}{'images/s':>10}{'cpu s each':>12}{'ratio':>8}{'load':>8}{'compute':>9}{'save':>8}")
    reference = None
    for library, (alone, together) in results.items():
        def middle(runs, key):
            return statistics.median(run[key] for run in runs)
        more = given.count - 1
        wall = (middle(together, "seconds") - middle(alone, "seconds")) / more
        cpu = (middle(together, "cpu") - middle(alone, "cpu")) / more
        reference = reference or cpu
        each = [middle(together, part) / given.count for part in ("load", "compute", "save")]
        rate = f"{1 / wall:.2f}" if wall > 0 else "-"  # on a loaded machine the start may take longer than the images
        print(f"{library.name:22}{middle(alone, 'seconds'):>8.2f}{rate:>10}{cpu:>12.3f}{cpu / reference:>8.2f}"
              f"{each[0]:>8.3f}{each[1]:>9.3f}{each[2]:>8.3f}")


def time_single_images(given, folder):
    small, large, out = (os.path.join(folder, name) for name in ("512.jpg", "12mp.jpg", "result.jpg"))
    cut(given.photo, 512, 512, small)
    cut(given.photo, 4000, 3000, large)
    print(f"\n{'JPEG to JPEG':34}{'seconds':>9}{'cpu':>8}")
    for name, arguments in [("512 px, -m comic", ["-m", "comic", "-i", small]),
                            ("512 px, --style ink", ["--style", "ink", "-i", small]),
                            ("12 MP, -m comic", ["-m", "comic", "-i", large]),
                            ("12 MP, -m comic --scale 3000", ["-m", "comic", "--scale", "3000", "-i", large]),
                            ("12 MP, --style ink", ["--style", "ink", "-i", large])]:
        command = [given.sumi, "convert", "-q", "--threads", str(given.threads), "-o", out, *arguments]
        runs = [timed(command)[:2] for _ in range(given.runs)]
        seconds, cpu = (statistics.median(run[i] for run in runs) for i in (0, 1))
        print(f"{name:34}{seconds:>9.2f}{cpu:>8.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sumi")
    parser.add_argument("photo")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--onnx-python", default=sys.executable)
    given = parser.parse_args()
    given.sumi = os.path.abspath(given.sumi)
    with tempfile.TemporaryDirectory() as folder:
        compare_libraries(given, folder)
        time_single_images(given, folder)


if __name__ == "__main__":
    main()
