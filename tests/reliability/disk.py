#!/usr/bin/env python3
"""Tests failing disks: full, over quota, read-only, broken at the n-th call for every n; a disk that is really full (a small
tmpfs, if this user may mount one); directories that disappear; images truncated while they are read; results that would
overwrite inputs; two runs in one directory. Each is rejected or reported in one line, no file is incomplete, and a saved
run resumes to the same bytes.

Usage: disk.py [--full] [--seed S] [--only PART]     --full: every call instead of one or two; PART: of a test's name
The program is $SUMI, the failing disk $SUMI_FAULTS (built from faults.cpp)."""
import argparse
import ctypes
import errno
import os
import random
import resource
import signal
import subprocess

import harness as h

FAULTS = os.environ.get("SUMI_FAULTS", "")
ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EFBIG)
TRAIN = ("train", "gan", "--data", "a", "--cache", "pack", "--size", "8", "--ngf", "2", "--ndf", "2", "--nz", "4",
         "--batch-size", "2", "--channels", "3", "--steps", "6", "--save-every", "2", "--sample-every", "3",
         "--log-every", "1", "--threads", "1", "--workers", "1", "--seed", "3", "--save-every-epoch", "-q")
MODEL = ("train", "cyclegan", "--data-a", "a", "--data-b", "b", "--cache", "pack", "--load-size", "10", "--crop-size",
         "8", "--ngf", "2", "--ndf", "2", "--n-blocks", "1", "--n-layers-d", "1", "--steps", "1", "--threads", "1",
         "--workers", "0", "-q")
CONVERT = ("convert", "-m", "model", "--threads", "1", "-q")


def faults(folder, kind, at, action, under, stays=False):
    return {"LD_PRELOAD": FAULTS, "FAULT_UNDER": str((folder / under).resolve()), "FAULT_CALLS": kind,
            "FAULT_AT": str(at), "FAULT_ACTION": str(action), "FAULT_STAYS": "1" if stays else "0",
            "FAULT_COUNT": str(folder / "count")}


def count_calls(folder, kind, under, *arguments):
    """How many calls a run makes that nothing disturbs."""
    h.sumi(folder, *arguments, env=faults(folder, kind, 0, "", under))
    return int((folder / "count").read_text())


def moments(full, rng, span, count):
    """The calls to disturb: all that `count` counts, or one of the first `span`."""
    return range(1, count() + 1) if full else [rng.randint(1, span)]


def go_on(folder, run, arguments):
    """As a user would after the line: the run goes on, or starts once more when it had not begun."""
    if run.exists() and h.checkpoints(run):
        h.sumi(folder, "train", "--resume", run.name, "-q")
    else:
        h.sumi(folder, *arguments)


def failing_training(folder, rng, full):
    """The n-th call of a run on its folder fails, once or from then on."""
    arguments = (*TRAIN, "--outdir", "run")
    reported = 0
    numbers = moments(full, rng, 150, lambda: count_calls(folder, "write", "counted", *TRAIN, "--outdir", "counted"))
    for n in numbers:
        stays = rng.random() < 0.5
        env = faults(folder, "write", n, rng.choice(ERRORS), "run", stays)
        result = h.finish(h.start(folder, *arguments, env=env))
        run = folder / "run"
        if result[0] != 0:
            h.one_line_error(result, "run")
            reported += 1
        if run.exists():
            h.require_whole_run(run)
        go_on(folder, run, arguments)
        h.require_same_run(run, folder / "reference")
        h.require(not h.temporaries(run), f"call {n}: temporaries are left")
        h.shutil.rmtree(run)
    return f"{len(numbers)} calls failed, {reported} reported, all went on to the same bytes"


def failing_packing(folder, rng, full):
    arguments = (*TRAIN, "--outdir", "run", "--cache", "cache")
    (good,) = (folder / "pack").glob("a-8x3*")
    expected = good.read_bytes()
    numbers = moments(full, rng, 10, lambda: count_calls(folder, "write", "cache", *arguments))
    for n in numbers:
        h.shutil.rmtree(folder / "cache", ignore_errors=True)
        h.shutil.rmtree(folder / "run", ignore_errors=True)
        result = h.finish(h.start(folder, *arguments, env=faults(folder, "write", n, rng.choice(ERRORS), "cache")))
        if result[0] != 0:
            h.one_line_error(result, "cache")
            h.require(not (folder / "run").exists(), "a run that has not begun is left")
            h.sumi(folder, *arguments)
        if (folder / "cache").exists() and list((folder / "cache").iterdir()):
            h.require((folder / "cache" / good.name).read_bytes() == expected, f"call {n}: another pack")
            h.require(not h.temporaries(folder / "cache"), f"call {n}: temporaries are left")
        h.require_same_run(folder / "run", folder / "reference")
    h.shutil.rmtree(folder / "run")
    return f"{len(numbers)} calls failed"


def failing_conversion(folder, rng, full):
    formats = ("png", "jpg", "webp", "tif", "bmp", "tga", "ppm")
    checked = 0
    for extension in formats if full else (rng.choice(formats),):
        arguments = (*CONVERT, "-i", "in", "-f", extension, "-o", "out")
        if extension in ("tga", "ppm"):  # of a file's own name only
            arguments = (*CONVERT, "-i", "in/00001.png", "-o", f"out/x.{extension}")
        (folder / "out").mkdir()
        calls = count_calls(folder, "write", "out", *arguments)
        expected = {p.name: h.timeless(p) for p in (folder / "out").iterdir()}
        for n in moments(full, rng, calls, lambda calls=calls: calls):
            for p in (folder / "out").iterdir():
                p.unlink()
            env = faults(folder, "write", n, rng.choice(ERRORS), "out")
            result = h.finish(h.start(folder, *arguments, env=env))
            written = {p.name: h.timeless(p) for p in (folder / "out").iterdir()}
            if result[0] != 0:
                h.one_line_error(result, "out")
            h.require(all(expected.get(name) == data for name, data in written.items()), f"call {n}: {extension} is not whole")
            h.require(len(written) == len(expected) - (1 if result[0] else 0) or written == expected,
                      f"call {n}: {sorted(written)} for exit code {result[0]}")
            checked += 1
        h.shutil.rmtree(folder / "out")
    return f"{checked} calls failed, in {len(formats) if full else 1} formats"


def file_size_limit(folder, rng, full):
    """A file that may not grow: the bytes before the limit are written, the others not, through every library."""
    checked = 0
    for extension in ("png", "jpg", "webp", "tif", "bmp", "tga", "ppm") if full else (rng.choice(("png", "tif")),):
        name = f"limit.{extension}"
        h.sumi(folder, *CONVERT, "-i", "in/00000.png", "-o", name)
        size = (folder / name).stat().st_size
        (folder / name).unlink()
        for limit in (size - 1, size // 2, 0) if full else (size - 1,):
            process = h.start(folder, *CONVERT, "-i", "in/00000.png", "-o", name,
                              preexec_fn=lambda n=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)))
            h.one_line_error(h.finish(process), name, "File too large")
            h.require(not (folder / name).exists() and not h.temporaries(folder), f"{name} is left")
            checked += 1
    return f"{checked} limits"


def full_disk(folder, rng, full):
    """A real one: training and conversion fill it, more space comes, and they go on."""
    disk = folder / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk],
                                           capture_output=True, check=False).returncode != 0:
        return "skipped: this user may not mount a tmpfs"
    sizes = range(40, 200, 8) if full else (rng.randrange(60, 120, 4),)
    reported = 0
    try:
        for size in sizes:
            subprocess.run(["mount", "-o", f"remount,size={size}k", disk], check=True)
            result = h.finish(h.start(folder, *TRAIN, "--outdir", "disk/run"))
            run = disk / "run"
            if result[0] != 0:
                h.one_line_error(result, "disk")
                reported += 1
            if run.exists():
                h.require_whole_run(run)
                h.require(not h.temporaries(run), "temporaries are left")
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            if run.exists() and h.checkpoints(run):
                h.sumi(folder, "train", "--resume", "disk/run", "-q")
            elif result[0] != 0:
                h.sumi(folder, *TRAIN, "--outdir", "disk/run")
            h.require_same_run(run, folder / "reference")
            h.shutil.rmtree(run)
            if not full:
                break
            subprocess.run(["mount", "-o", "remount,size=16k", disk], check=True)
            result = h.finish(h.start(folder, *CONVERT, "-i", "in", "-f", "tif", "-o", "disk/out"))
            h.require(result[0] == 1 and "No space left" in result[2], f"{result}")
            for path in (disk / "out").iterdir():
                h.require(path.stat().st_size > 4000, f"{path} is not whole")
            h.shutil.rmtree(disk / "out")
    finally:
        subprocess.run(["umount", disk], check=True)
    return f"{len(sizes)} sizes, {reported} of them too small for the run"


def changing_input(folder, rng, full):
    """An image is cut off, emptied or moved before the n-th call that reads it."""
    checked = refused = 0
    for extension in ("png", "jpg", "webp", "tif", "bmp", "tga") if full else ("png",):
        name = f"changing.{extension}"
        if full:
            h.sumi(folder, *CONVERT, "-i", "in/00000.png", "-o", name)
        else:
            h.shutil.copy(folder / "in" / "00000.png", folder / name)
        data = (folder / name).read_bytes()
        convert = (*CONVERT, "-i", name, "-o", "changed.png")
        for n in moments(full, rng, 6, lambda: count_calls(folder, "read", name, *convert)):
            action = rng.choice(("cut", "crop", "move"))
            (folder / "changed.png").unlink(missing_ok=True)
            env = faults(folder, "read", n, f"{action} {(folder / name).resolve()}", name)
            result = h.finish(h.start(folder, *convert, env=env))
            if result[0] != 0:
                h.one_line_error(result, name)
                h.require(not (folder / "changed.png").exists(), "a result of a broken picture")
                refused += 1
            else:
                h.require_whole_png(folder / "changed.png")
            (folder / name).write_bytes(data)
            (folder / f"{name}.moved").unlink(missing_ok=True)
            checked += 1
        (folder / name).unlink()
    return f"{checked} moments, {refused} refused"


def changing_map(folder, rng, full):
    """A packed set or a checkpoint is cut off before the n-th call that reads it, mapping included."""
    checked = refused = 0
    checkpoint = folder / "model" / "checkpoints" / "1.safetensors"
    cases = [(checkpoint, (*CONVERT, "-i", "in/00000.png", "-o", "changed.png"))]
    if full:
        h.write_pictures(folder / "many", 40, 20)
        train = (*TRAIN, "--data", "many", "--size", "20")
        h.sumi(folder, *train, "--outdir", "many-reference")
        cases.append((*(folder / "pack").glob("many*"), (*train, "--outdir", "run")))
    for path, arguments in cases:
        data, name = path.read_bytes(), str(path.relative_to(folder))
        for n in range(1, 1 + count_calls(folder, "read", name, *arguments)) if full else (2,):
            h.shutil.rmtree(folder / "run", ignore_errors=True)
            env = faults(folder, "read", n, f"cut {path}", name)
            result = h.finish(h.start(folder, *arguments, env=env))
            if result[0] != 0:
                h.one_line_error(result, path.name)
                refused += 1
            elif path != checkpoint:
                h.require_same_run(folder / "run", folder / "many-reference")
            path.write_bytes(data)
            checked += 1
    h.require(refused > 0, "nothing was refused")
    h.shutil.rmtree(folder / "run", ignore_errors=True)
    return f"{checked} moments, {refused} refused, the others read before or made anew"


def vanishing_folder(folder, rng, full):
    """The run's folder, or that of the results, gets another name before the n-th call that writes there."""
    arguments = (*TRAIN, "--outdir", "run")
    numbers = moments(full, rng, 150, lambda: count_calls(folder, "write", "moving", *TRAIN, "--outdir", "moving"))
    for n in numbers:
        env = faults(folder, "write", n, f"move {(folder / 'run').resolve()}", "run")
        result = h.finish(h.start(folder, *arguments, env=env))
        moved = folder / "run.moved"
        if result[0] != 0:
            h.one_line_error(result, "run")
        if moved.exists():
            h.require_whole_run(moved)
            h.shutil.rmtree(folder / "run", ignore_errors=True)
            os.rename(moved, folder / "run")
        go_on(folder, folder / "run", arguments)
        h.require_same_run(folder / "run", folder / "reference")
        h.shutil.rmtree(folder / "run")
    if not full:
        return "1 moment of a run"
    (folder / "out").mkdir()
    env = faults(folder, "write", 5, f"move {(folder / 'out').resolve()}", "out")
    result = h.finish(h.start(folder, *CONVERT, "-i", "in", "-o", "out", env=env))
    for path in (folder / "out.moved").iterdir():
        h.require_whole_png(path)
    h.require(len(list((folder / "out.moved").iterdir())) + len(list((folder / "out").iterdir())) >= 2, f"{result}")
    h.shutil.rmtree(folder / "out")
    h.shutil.rmtree(folder / "out.moved")
    return f"{len(numbers)} moments of a run"


def onto_itself(folder, rng, full):
    """A result never takes the place of an input, by whatever name."""
    h.write_pictures(folder / "own", 2, 16, seed=7)
    before = {p.name: p.read_bytes() for p in (folder / "own").iterdir()}
    (folder / "link.png").symlink_to("own/00000.png")
    (folder / "folder-link").symlink_to("own")
    os.link(folder / "own" / "00000.png", folder / "hard.png")
    tries = (("own/00000.png", "own/00000.png"), ("own/00000.png", "./own/../own/00000.png"), ("own", "own"),
             ("own", "own/"), ("own", "folder-link"), ("folder-link", "own"), ("own/00000.png", "link.png"),
             ("link.png", "own/00000.png"), ("link.png", "link.png"), ("own/00000.png", "folder-link"))
    tries = tries if full else rng.sample(tries, 2)
    for source, to in tries:
        code, _, err = h.finish(h.start(folder, *CONVERT, "-i", source, "-o", to))
        h.require(code in (1, 2) and err.count("\n") == 1 and "overwrite an input" in err, f"{source} -> {to}: {code} {err}")
    if full:
        h.sumi(folder, *CONVERT, "-i", "own/00000.png", "-o", "hard.png")  # another name: the input keeps its bytes
    after = {p.name: p.read_bytes() for p in (folder / "own").iterdir()}
    h.require(before == after, "an input has changed")
    return f"{len(tries)} refused"


def two_at_once(folder, rng, full):
    """Two runs in one directory: one works, the other says that it is in use. Two conversions: both whole."""
    first = h.start(folder, *TRAIN, "--outdir", "shared", "--steps", "1000000", "--save-every", "0", "--sample-every",
                    "0", "--no-save-every-epoch", "--log-every", "1000")
    end = h.time.monotonic() + 60
    while not (folder / "shared" / "checkpoints" / "0.safetensors").exists() and h.time.monotonic() < end:
        h.time.sleep(0.01)
    for arguments in ((*TRAIN, "--outdir", "shared"), ("train", "--resume", "shared"))[0 if full else 1:]:
        h.one_line_error(h.finish(h.start(folder, *arguments)), "is in use by process", str(first.pid))
    first.send_signal(signal.SIGTERM)
    h.require(h.finish(first)[0] == 143, "the first run did not stop")
    rounds = 10 if full else 0
    for _ in range(rounds):  # started together: one of them trains, whichever
        runs = [h.start(folder, *TRAIN, "--outdir", "together") for _ in range(2)]
        results = [h.finish(run) for run in runs]
        h.require(sorted(r[0] for r in results) == [0, 1], f"{results}")
        h.require_same_run(folder / "together", folder / "reference")
        h.shutil.rmtree(folder / "together")
        h.sumi(folder, *CONVERT, "-i", "in", "-o", "alone")
        pair = [h.start(folder, *CONVERT, "-i", "in", "-o", "both") for _ in range(2)]
        h.require([h.finish(p)[0] for p in pair] == [0, 0], "two conversions")
        for path in (folder / "alone").iterdir():
            h.require((folder / "both" / path.name).read_bytes() == path.read_bytes(), f"{path.name} differs")
        h.require(len(list((folder / "both").iterdir())) == 3, "left over")
        h.shutil.rmtree(folder / "both")
    return f"the second is refused; {rounds} pairs at the same moment"


def private_mounts():
    """Mounts of this process are its own and gone with it."""
    clone_newns, ms_rec, ms_private = 0x20000, 0x4000, 0x40000
    libc = ctypes.CDLL(None)
    if libc.unshare(clone_newns) == 0:
        libc.mount(b"none", b"/", None, ms_rec | ms_private, None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", help="the parts whose name has this")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not os.path.exists(FAULTS):
        parser.error("SUMI_FAULTS is not the library of faults.cpp")
    private_mounts()
    rng = random.Random(args.seed)
    with h.Folder() as folder:
        h.write_pictures(folder / "a", 6, 12, seed=1)
        h.write_pictures(folder / "b", 6, 12, seed=2)
        h.sumi(folder, *MODEL, "--outdir", "model")
        h.sumi(folder, *TRAIN, "--outdir", "reference")
        h.write_pictures(folder / "in", 3, 40, seed=4)
        tests = (failing_training, failing_packing, failing_conversion, file_size_limit, full_disk, changing_input,
                 changing_map, vanishing_folder, onto_itself, two_at_once)
        if not (args.full or args.only):
            tests = [t for t in tests if t not in (failing_packing, vanishing_folder)]  # for want of time
        h.main([(t.__name__.replace("_", " "), lambda t=t: t(folder, rng, args.full)) for t in tests
                if args.only in t.__name__])


if __name__ == "__main__":
    main()
