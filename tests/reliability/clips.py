#!/usr/bin/env python3
"""Tests clips: kill -9 at random moments and the same frames in the end; disks that fail at the n-th call or are full; a long
clip in flat memory; damaged packets, which are counted and reported.

Usage: clips.py [--kills N] [--calls N] [--seconds N] [--damage N] [--seed S] [--draw "-m comic"]
The long form is --kills 100 --calls 60 --seconds 600 --damage 200. The program is $SUMI, the failing disk $SUMI_FAULTS. Skipped
without ffmpeg, or with a program that was built without clips."""
import argparse
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys

import disk
import flat_memory
import harness as h

DRAW = ["convert", "--threads", "1", "--codec", "ffv1"]  # and what --draw says
SKIPPED = 77


def ffmpeg(folder, *arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], cwd=folder, check=True)


def frames_of(folder, name):
    """Checksum and time of every frame."""
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", name, "-map", "0:v", "-f", "framemd5", "-"], cwd=folder,
                          check=True, stdout=subprocess.PIPE).stdout


def same_frames(folder, name):
    h.require((folder / name).exists(), f"{name} was not written")
    h.require(frames_of(folder, name) == frames_of(folder, "whole.mkv"), f"{name} has other frames than an undisturbed call")
    h.require(not (folder / f".{name}.parts").exists(), f"the fragments of {name} are left")


def kills(folder, rng, count):
    """The same call again and again, each killed at a random moment, until one ends."""
    begin = h.time.monotonic()
    h.sumi(folder, *DRAW, "-i", "in.mkv", "-o", "timed.mkv")
    length = h.time.monotonic() - begin
    killed = finished = continued = 0
    while killed < count:
        process = h.start(folder, *DRAW, "-i", "in.mkv", "-o", "out.mkv")
        h.time.sleep(rng.uniform(0, 0.9) * length)
        process.send_signal(signal.SIGKILL)
        code, _, err = h.finish(process)
        if code == 0:
            same_frames(folder, "out.mkv")
            (folder / "out.mkv").unlink()
            finished += 1
            continue
        h.require(code == -signal.SIGKILL, f"exit code {code}: {err}")
        killed += 1
        h.require(not (folder / "out.mkv").exists(), "a killed call left a file with the final name")
        continued += (folder / ".out.mkv.parts" / "journal.json").exists()
    h.sumi(folder, *DRAW, "-i", "in.mkv", "-o", "out.mkv")
    same_frames(folder, "out.mkv")
    (folder / "out.mkv").unlink()
    return f"{killed} kills, {continued} of them with fragments to go on from, {finished + 1} whole clips, all of the same frames"


def failing_disk(folder, rng, count):
    """The n-th write fails, once or from then on; afterwards the call goes on to the same frames."""
    work = folder / "disk"
    work.mkdir()
    arguments = (*DRAW, "-i", "in.mkv", "-o", "disk/out.mkv")
    calls = disk.count_calls(folder, "write", "disk", *arguments)
    (work / "out.mkv").unlink()
    reported = 0
    for n in [rng.randint(1, calls) for _ in range(count)]:
        env = disk.faults(folder, "write", n, rng.choice(disk.ERRORS), "disk", rng.random() < 0.5)
        result = h.finish(h.start(folder, *arguments, env=env))
        if result[0] != 0:
            h.one_line_error(result, "out.mkv")
            h.require(not (work / "out.mkv").exists(), f"call {n}: half a clip has the final name")
            reported += 1
        h.sumi(folder, *arguments)
        shutil.move(work / "out.mkv", folder / "out.mkv")
        same_frames(folder, "out.mkv")
        (folder / "out.mkv").unlink()
        h.require(not h.temporaries(work) and not list(work.iterdir()), f"call {n}: {list(work.iterdir())} is left")
    return f"{count} of {calls} calls failed, {reported} were reported, all went on to the same frames"


def full_disk(folder, rng, _):
    work = folder / "full"
    work.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", work],
                                           capture_output=True, check=False).returncode != 0:
        return "skipped: this user may not mount a tmpfs"
    try:
        result = h.finish(h.start(folder, *DRAW, "-i", "in.mkv", "-o", "full/out.mkv"))
        h.one_line_error(result, "out.mkv", os.strerror(errno.ENOSPC))
        h.require(not (work / "out.mkv").exists(), "half a clip has the final name")
        subprocess.run(["mount", "-o", "remount,size=64m", work], check=True)
        h.sumi(folder, *DRAW, "-i", "in.mkv", "-o", "full/out.mkv")
        shutil.copy(work / "out.mkv", folder / "out.mkv")
        same_frames(folder, "out.mkv")
        (folder / "out.mkv").unlink()
    finally:
        subprocess.run(["umount", work], check=True)
    return "reported, and went on to the same frames with more space"


def long_clip(folder, _, seconds):
    """Resident memory while a long clip is drawn: the journal says how far."""
    ffmpeg(folder, "-f", "lavfi", "-i", f"testsrc2=size=64x48:rate=25:duration={seconds}", "-f", "lavfi", "-i",
           f"sine=440:duration={seconds}", "-c:v", "mpeg4", "-c:a", "aac", "long.mp4")
    process = h.start(folder, *(word for word in DRAW if word not in ("--codec", "ffv1")), "-i", "long.mp4", "-o", "drawn.mp4")

    def done():
        try:
            return sum(json.loads((folder / ".drawn.mp4.parts" / "journal.json").read_text())["fragments"])
        except (OSError, ValueError):
            return 0
    text = flat_memory.judge(flat_memory.watch(process, done, 25 * seconds, 0.05 + seconds / 6000), 8192)
    (folder / "drawn.mp4").unlink()
    return text


def damaged(folder, rng, count):
    """Bytes of packets are overwritten. Every frame that is missing has a line; what is not readable ends in one."""
    ffmpeg(folder, "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2", "-f", "lavfi", "-i", "sine=440:duration=2",
           "-c:v", "libx264", "-g", "10", "-c:a", "aac", "good.ts")
    data = (folder / "good.ts").read_bytes()
    told = refused = lost = 0
    for _ in range(count):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 6)):
            at, length = rng.randrange(len(data)), rng.randint(1, 400)
            broken[at:at + length] = rng.randbytes(len(broken[at:at + length]))
        (folder / "bad.ts").write_bytes(broken)
        code, out, err = h.finish(h.start(folder, *DRAW[:-1], "--no-progress", "-i", "bad.ts", "-o", "drawn.mkv"))
        if code != 0:
            h.one_line_error((code, out, err))
            h.require(not (folder / "drawn.mkv").exists(), "a refused clip was written")
            refused += 1
            continue
        frames = int(re.search(r"drawn.mkv: (\d+) frames", out).group(1))
        said = "damaged packets or frames were left out" in err
        h.require(frames >= 50 or said, f"{50 - frames} frames are missing, and no line says it: {err}")
        told += said
        lost += 50 - min(frames, 50)
        (folder / "drawn.mkv").unlink()
    return f"{count} damaged clips: {told} with a count of what was left out, {refused} refused, {lost} frames lost"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--damage", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--draw", default="--style pencil --faces off", help="options of sumi convert")
    given = parser.parse_args()
    DRAW.extend([*given.draw.split(), "-q"])
    if not shutil.which("ffmpeg"):
        print("clips: skipped: there is no ffmpeg (third_party/install.sh test)")
        sys.exit(SKIPPED)
    seed = given.seed if given.seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    with h.Folder() as folder:
        ffmpeg(folder, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=8", "-c:v", "ffv1", "in.mkv")
        code, _, err = h.finish(h.start(folder, *DRAW, "-i", "in.mkv", "-o", "whole.mkv"))
        if "SUMI_VIDEO=OFF" in err:
            print("clips: skipped: built without SUMI_VIDEO")
            sys.exit(SKIPPED)
        h.require(code == 0, err)
        tests = [(kills, given.kills), (failing_disk, given.calls), (full_disk, 0), (long_clip, given.seconds),
                 (damaged, given.damage)]
        h.main([(t.__name__.replace("_", " "), lambda t=t, n=n: t(folder, rng, n)) for t, n in tests if n > 0 or t is full_disk])


if __name__ == "__main__":
    main()
