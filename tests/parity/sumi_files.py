"""What the parity tests share: sumi's files read with nothing but numpy, and the program called."""

import json
import os
import struct
import subprocess
import sys

import numpy as np

DTYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64}


def read_safetensors(path):
    """Returns (tensors by name, metadata)."""
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        data = f.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, t in header.items():
        begin, end = t["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[t["dtype"]]).reshape(t["shape"]).copy()
    return tensors, metadata


def write_safetensors(path, tensors):
    names = {np.dtype(v): k for k, v in DTYPES.items()}
    header, blobs, at = {}, [], 0
    for name, a in tensors.items():
        blob = np.ascontiguousarray(a).tobytes()
        header[name] = {"dtype": names[a.dtype], "shape": list(a.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_pictures(folder, count, size, channels):
    """Smooth coloured pictures as PPM or PGM files: real enough to train on, made without any library."""
    os.makedirs(folder, exist_ok=True)
    rng = np.random.RandomState(1)
    y, x = np.mgrid[0:size, 0:size] / size
    for i in range(count):
        picture = np.zeros((size, size, channels))
        for c in range(channels):
            a, b, phase = rng.uniform(1, 4, 3)
            picture[..., c] = 127.5 + 120 * np.sin(2 * np.pi * (a * x + b * y) + phase)
        kind = b"P6" if channels == 3 else b"P5"
        with open(os.path.join(folder, "%03d.%s" % (i, "ppm" if channels == 3 else "pgm")), "wb") as f:
            f.write(kind + b"\n%d %d\n255\n" % (size, size) + picture.astype(np.uint8).tobytes())


def sumi(*arguments):
    command = [os.environ["SUMI"]] + [str(a) for a in arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit("%s\nfailed with %d:\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done.stdout


def read_stats(run):
    with open(os.path.join(run, "stats.jsonl")) as f:
        return {line["step"]: line for line in map(json.loads, f)}


def checkpoint(run, step):
    return read_safetensors(os.path.join(run, "checkpoints", "%d.safetensors" % step))


class Checks:
    """Counts comparisons and says the worst of each kind; written so that NaN fails."""

    def __init__(self):
        self.count, self.failed = 0, 0

    def small(self, what, error, limit):
        self.count += 1
        good = error <= limit
        if not good:
            self.failed += 1
        print("%s %-58s %.2e  (at most %.0e)" % ("ok  " if good else "FAIL", what, error, limit))

    def true(self, what, condition):
        self.small(what, 0.0 if condition else 1.0, 0.5)

    def finish(self):
        print("%d passed, %d failed" % (self.count - self.failed, self.failed))
        sys.exit(1 if self.failed or not self.count else 0)
