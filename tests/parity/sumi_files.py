"""Shared by the parity tests: reads sumi's files with numpy only, and calls the program."""

import json
import os
import struct
import subprocess
import sys
import zlib

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


def smooth_pictures(count, size, channels, seed=1):
    """Smooth colored images, bytes [h, w, channels]: real enough to train on, made without any library."""
    rng = np.random.RandomState(seed)
    height, width = size if isinstance(size, tuple) else (size, size)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    for _ in range(count):
        picture = np.zeros((height, width, channels))
        for c in range(channels):
            a, b, phase = rng.uniform(1, 4, 3)
            picture[..., c] = 127.5 + 120 * np.sin(2 * np.pi * (a * x + b * y) + phase)
        yield picture.astype(np.uint8)


def write_pictures(folder, count, size, channels, seed=1):
    """As PPM or PGM files."""
    os.makedirs(folder, exist_ok=True)
    for i, picture in enumerate(smooth_pictures(count, size, channels, seed)):
        kind = b"P6" if channels == 3 else b"P5"
        with open(os.path.join(folder, "%03d.%s" % (i, "ppm" if channels == 3 else "pgm")), "wb") as f:
            f.write(kind + b"\n%d %d\n255\n" % (size, size) + picture.tobytes())


def write_png(path, picture):
    """Bytes [h, w, 3]."""
    height, width = picture.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], axis=1)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
                           (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")):
            f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def read_png(path):
    """8 bits a channel, gray or RGB with or without alpha, not interlaced -> bytes [h, w, channels]."""
    with open(path, "rb") as f:
        file = f.read()
    at, data = 8, b""
    while at < len(file):
        (length,) = struct.unpack_from(">I", file, at)
        kind, chunk = file[at + 4:at + 8], file[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            if bits != 8 or interlaced or color not in (0, 2, 4, 6):
                sys.exit("%s: a kind of PNG that the tests do not read" % path)
            channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
        elif kind == b"IDAT":
            data += chunk
        at += 12 + length
    data, stride = zlib.decompress(data), width * channels
    picture = above = bytes(stride)  # a row of zeros stands above the first
    for begin in range(0, len(data), stride + 1):
        row = bytearray(data[begin + 1:begin + 1 + stride])
        if data[begin]:
            for i in range(stride):
                left, corner = (row[i - channels], above[i - channels]) if i >= channels else (0, 0)
                row[i] = (row[i] + png_guess(data[begin], left, above[i], corner)) & 255
        picture, above = picture + row, row
    return np.frombuffer(picture, np.uint8)[stride:].reshape(height, width, channels)


def png_guess(kind, left, above, corner):
    """What a row's filter predicts for a byte: the left one, the one above, their mean, or Paeth's choice."""
    if kind < 4:
        return (0, left, above, (left + above) // 2)[kind]
    return min((left, above, corner), key=lambda v: abs(left + above - corner - v))


def device_argument():
    """What follows --device on this script's command line: where sumi is to run in f32. "cpu" where nothing does."""
    return sys.argv[sys.argv.index("--device") + 1] if "--device" in sys.argv else "cpu"


def sumi_result(*arguments):
    """Returns (exit code, what the program said)."""
    command = [os.environ["SUMI"]] + [str(a) for a in arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def sumi(*arguments):
    code, said = sumi_result(*arguments)
    if code != 0:
        sys.exit("sumi %s\nfailed with %d:\n%s" % (" ".join(map(str, arguments)), code, said))
    return said


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
