"""Shared by the reliability tests: starts and stops the program, reads its files with Python only."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SUMI = os.path.abspath(os.environ.get("SUMI", "build/release/sumi"))


class Failed(Exception):
    """What was promised did not happen."""


def require(truth, what):
    if not truth:
        raise Failed(what)


class Folder:
    """A folder of its own, gone afterwards unless a test failed; the program's cache is in it."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sumi-reliability-"))
        return self.path

    def __exit__(self, kind, *_):
        if kind is None:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            print(f"kept for a look: {self.path}", file=sys.stderr)


def environment(folder, extra=None):
    env = dict(os.environ, XDG_CACHE_HOME=str(folder / "cache"), OMP_NUM_THREADS="1", TMPDIR=str(folder))
    env.update(extra or {})
    return env


def start(folder, *arguments, env=None, **more):
    """`sumi ARGUMENTS` in `folder`, its output kept apart."""
    return subprocess.Popen([SUMI, *map(str, arguments)], cwd=folder, env=environment(folder, env), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def finish(process, seconds=1200):
    """Waits for the end; (exit code, stdout, stderr), the code negative for a signal."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failed(f"no end after {seconds} s: {process.args}") from None
    return process.returncode, out, err


def sumi(folder, *arguments, code=0, **more):
    """Runs to the end and demands the exit code. Returns (stdout, stderr)."""
    got, out, err = finish(start(folder, *arguments, **more))
    require(got == code, f"exit code {got} instead of {code}: {arguments}\n{out}{err}")
    return out, err


def one_line_error(result, *words):
    """Exit code 1 and one line on stderr that begins as sumi's do and has the words."""
    code, _, err = result
    require(code == 1 and err.startswith("sumi: ") and err.count("\n") == 1, f"not one clear line: {code} {err!r}")
    for word in words:
        require(word in err, f"{word!r} is not in {err!r}")


# Files.

def png_bytes(width, height, pixels):
    """An RGB image of 8 bits from width * height * 3 bytes."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + pixels[y * width * 3:(y + 1) * width * 3] for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def timeless(path):
    """An image's bytes without the hour in which libtiff says it was written."""
    return re.sub(rb"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", b"", path.read_bytes())


def write_pictures(folder, count, size, seed=1, sizes=1):
    """Squares of noise of `size` pixels, or of so many sizes from there on in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        side = size + 7 * i % sizes
        pixels = random.Random(seed * 1000003 + i).randbytes(side * side * 3)
        (folder / f"{i:05}.png").write_bytes(png_bytes(side, side, pixels))


def require_whole_png(path):
    """Every chunk with its checksum, up to the last, and as many pixels as the header says."""
    data, at, pixels, header = path.read_bytes(), 8, b"", None
    require(data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG")
    while True:
        require(at + 12 <= len(data), f"{path} is cut off")
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        require(at + 12 + length <= len(data), f"{path} is cut off")
        body = data[at + 8:at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length:at + 12 + length])
        require(zlib.crc32(kind + body) == check, f"{path} is damaged")
        at += 12 + length
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            pixels += body
        elif kind == b"IEND":
            break
    width, height, depth, color = header[:4]
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    require(len(zlib.decompress(pixels)) == height * (1 + width * channels * depth // 8), f"{path} lacks pixels")


def read_checkpoint(path):
    """(tensors' bytes by name, metadata); fails when the file is not whole."""
    data = path.read_bytes()
    require(len(data) >= 8, f"{path} is cut off")
    (length,) = struct.unpack("<Q", data[:8])
    require(8 + length <= len(data), f"{path} is cut off")
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    body = data[8 + length:]
    ends = [t["data_offsets"][1] for t in header.values()]
    require(max(ends, default=0) == len(body), f"{path} is cut off")
    return {n: (t["dtype"], t["shape"], body[slice(*t["data_offsets"])]) for n, t in header.items()}, metadata


def temporaries(*folders):
    return [p for folder in folders for p in folder.rglob(".*.tmp-*")]


def checkpoints(run):
    """Full checkpoints by step."""
    found = {}
    for path in (run / "checkpoints").glob("*.safetensors"):
        if path.stem.isdigit():
            found[int(path.stem)] = path
    return found


def require_whole_run(run):
    """Nothing under a final name is half-written."""
    for path in list((run / "samples").glob("[!.]*.png")) + [p for p in [run / "loss.png"] if p.exists()]:
        require_whole_png(path)
    for path in (run / "checkpoints").glob("[!.]*.safetensors"):
        read_checkpoint(path)
    if (run / "options.json").exists():
        json.loads((run / "options.json").read_text())


def statistics(run):
    """stats.jsonl without what a clock says."""
    lines = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "images_per_second")} for line in lines]


def require_same_run(run, reference):
    """The last checkpoint's tensors, the statistics and the samples, to the byte."""
    last = max(checkpoints(reference))
    require(max(checkpoints(run)) == last, f"{run} ends at step {max(checkpoints(run))}, not {last}")
    tensors, metadata = read_checkpoint(checkpoints(run)[last])
    expected, expected_metadata = read_checkpoint(checkpoints(reference)[last])
    for name in sorted(set(tensors) | set(expected)):
        require(tensors.get(name) == expected.get(name), f"{run}: tensor {name} differs")
    states = [json.loads(m["sumi.state"]) for m in (metadata, expected_metadata)]
    for state in states:
        state.pop("seconds")
    require(states[0] == states[1], f"{run}: another state: {states}")
    require(statistics(run) == statistics(reference), f"{run}: other statistics")
    for path in (reference / "samples").glob("*.png"):
        require((run / "samples" / path.name).read_bytes() == path.read_bytes(), f"{run}: sample {path.name} differs")
    names = [{p.name for p in (r / "samples").iterdir()} for r in (run, reference)]
    require(names[0] == names[1], f"{run}: other samples: {names[0] ^ names[1]}")


def main(tests):
    """Runs the tests, prints what each reports, and exits 1 at the first failure."""
    for name, test in tests:
        begin = time.monotonic()
        try:
            report = test()
        except Failed as problem:
            print(f"{name}: FAILED: {problem}")
            sys.exit(1)
        print(f"{name}: {report} ({time.monotonic() - begin:.1f} s)", flush=True)
