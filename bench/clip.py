#!/usr/bin/env python3
"""Times sumi on clips, beside ffmpeg around onnxruntime frame by frame.

Usage: clip.py SUMI CLIP [--frames N] [--size PX] [--threads N] [--model RUN|CHECKPOINT] [--onnx FILE]

The table has frames a second and seconds of processor time a frame, end to end: decode, flow, draw, encode. The baseline runs FILE
(an image network, 1x3xHxW or 1xHxWx3 floats) on each frame between two ffmpeg processes; it is reported as skipped where python3's
onnxruntime or the file is missing."""
import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile
import time


def measured(work):
    """(wall seconds, processor seconds of children and of this process) of work()."""
    def used():
        both = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    start, before = time.monotonic(), used()
    work()
    return time.monotonic() - start, used() - before


def run(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def prepare(clip, given, folder):
    source = folder / "source.mp4"
    run(["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-an", "-sn", "-frames:v", str(given.frames), "-vf", f"scale={given.size}:-2:flags=area", "-c:v",
         "libx264", "-qp", "10", "-pix_fmt", "yuv420p", str(source)])
    return source


def size_of(path):
    text = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames",
                           "-of", "csv=p=0", str(path)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [int(value) for value in text.strip().split(",")]


def baseline(onnx, source, target, width, height, threads):
    import numpy
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    channels_last = given.shape[-1] == 3
    reader = subprocess.Popen(["ffmpeg", "-v", "error", "-i", str(source), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE)
    writer = subprocess.Popen(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", "-", "-c:v", "libx264",
                               "-crf", "18", "-pix_fmt", "yuv420p", str(target)], stdin=subprocess.PIPE)
    while True:
        data = reader.stdout.read(3 * width * height)
        if len(data) < 3 * width * height:
            break
        frame = numpy.frombuffer(data, numpy.uint8).reshape(1, height, width, 3).astype(numpy.float32) / 127.5 - 1
        drawn = session.run(None, {given.name: frame if channels_last else frame.transpose(0, 3, 1, 2)})[0]
        drawn = drawn if channels_last else drawn.transpose(0, 2, 3, 1)
        writer.stdin.write(((drawn[0].clip(-1, 1) + 1) * 127.5).astype(numpy.uint8).tobytes())
    writer.stdin.close()
    if writer.wait() + reader.wait() != 0:
        sys.exit("clip: ffmpeg failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sumi")
    parser.add_argument("clip")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--size", type=int, default=640, help="width in pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="comic")
    parser.add_argument("--onnx")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = prepare(given.clip, given, folder)
        width, height, count = size_of(source)
        print(f"{count} frames of {width}x{height}, {given.threads} threads")
        print(f"{'':22}{'frames a second':>17}{'processor s a frame':>22}")
        rows = [(style, ["--style", style]) for style in ("ink", "manga", "wash", "pencil", "halftone", "ukiyo")]
        rows.append((given.model, ["-m", given.model]))
        for label, chosen in rows:
            wall, cpu = measured(lambda: run([given.sumi, "convert", "-q", "-i", str(source), "-o", str(folder / "drawn.mp4"), "--threads",
                                              str(given.threads)] + chosen))
            print(f"{label:22}{count / wall:17.1f}{cpu / count:22.3f}", flush=True)
        try:
            import onnxruntime  # noqa: F401
            present = given.onnx is not None
        except ImportError:
            present = False
        if not present:
            print("onnxruntime: skipped: give --onnx FILE, and install onnxruntime for python3")
            return
        wall, cpu = measured(lambda: baseline(given.onnx, source, folder / "baseline.mp4", width, height, given.threads))
        print(f"{'onnxruntime, ffmpeg':22}{count / wall:17.1f}{cpu / count:22.3f}")


if __name__ == "__main__":
    main()
