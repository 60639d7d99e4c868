#!/usr/bin/env python3
"""Times sumi on clips, beside ffmpeg around onnxruntime frame by frame.

Usage: clip.py SUMI CLIP [--frames N] [--size PX] [--threads N] [--model RUN|CHECKPOINT] [--styles NAME,...] [--temporal X]
               [--onnx FILE]

The table has frames a second and seconds of processor time a frame, end to end: decode, flow, draw, blend, encode. The start of the
program, measured with one frame, is subtracted from both. On a loaded machine the clock says little: the third column is what the
processor time allows on that many idle cores, if all of it is spread over them.

The baseline runs an image network (1x3xHxW or 1xHxWx3 floats) on each frame between two ffmpeg processes: FILE, or the model as
sumi export writes it. It has no flow, and for a stylizer none of what sumi does around its network (level curve, tone steps, screens).
It is reported as skipped where python3's onnxruntime is missing."""
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


def prepare(clip, frames, size, target):
    run(["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-an", "-sn", "-frames:v", str(frames), "-vf", f"scale={size}:-2:flags=area", "-c:v",
         "libx264", "-qp", "10", "-pix_fmt", "yuv420p", str(target)])
    return target


def size_of(path):
    text = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames",
                           "-of", "csv=p=0", str(path)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [int(value) for value in text.strip().split(",")]


def session_of(onnx, threads):
    """(session, its inputs' constant values, black): the image is the first input, the others get 1 in their first element."""
    import numpy
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(onnx), options, providers=["CPUExecutionProvider"])
    constants = {}
    for given in session.get_inputs()[1:]:
        value = numpy.zeros([size if isinstance(size, int) else 1 for size in given.shape], numpy.float32)
        value.flat[0] = 1
        constants[given.name] = value
    black = 0 if session.get_modelmeta().custom_metadata_map.get("input_range") == "0..1" else -1
    return session, constants, black


def baseline(onnx, source, target, width, height, threads):
    import numpy
    session, constants, black = session_of(onnx, threads)
    given, wanted, scale = session.get_inputs()[0], session.get_outputs()[0].name, 255 / (1 - black)
    channels_last = given.shape[-1] == 3
    reader = subprocess.Popen(["ffmpeg", "-v", "error", "-i", str(source), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE)
    writer = subprocess.Popen(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", "-", "-c:v", "libx264",
                               "-crf", "18", "-pix_fmt", "yuv420p", str(target)], stdin=subprocess.PIPE)
    while True:
        data = reader.stdout.read(3 * width * height)
        if len(data) < 3 * width * height:
            break
        frame = numpy.frombuffer(data, numpy.uint8).reshape(1, height, width, 3).astype(numpy.float32) / scale + black
        image = frame if channels_last else numpy.ascontiguousarray(frame.transpose(0, 3, 1, 2))
        drawn = session.run([wanted], {given.name: image, **constants})[0]
        drawn = drawn if channels_last else drawn.transpose(0, 2, 3, 1)
        writer.stdin.write(((drawn[0].clip(black, 1) - black) * scale).astype(numpy.uint8).tobytes())
    writer.stdin.close()
    if writer.wait() + reader.wait() != 0:
        sys.exit("clip: ffmpeg failed")


def report(label, convert, whole, single, given):
    """A row: convert(source) for the clip and for its first frame."""
    short, long = (measured(lambda clip=clip: convert(clip)) for clip in (single, whole))
    frames = given.frames - 1
    wall, cpu = ((long[i] - short[i]) / frames for i in (0, 1))
    print(f"{label:22}{1 / wall:17.1f}{cpu:22.3f}{given.threads / cpu:18.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sumi")
    parser.add_argument("clip")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--size", type=int, default=640, help="width in pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="comic")
    parser.add_argument("--styles", default="ink,manga,wash,pencil,halftone,ukiyo")
    parser.add_argument("--temporal", help="of sumi convert")
    parser.add_argument("--onnx")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole = prepare(given.clip, given.frames, given.size, folder / "source.mp4")
        single = prepare(given.clip, 1, given.size, folder / "single.mp4")
        width, height, given.frames = size_of(whole)
        print(f"{given.frames} frames of {width}x{height}, {given.threads} threads")
        print(f"{'':22}{'frames a second':>17}{'processor s a frame':>22}{'idle cores allow':>18}")
        temporal = ["--temporal", given.temporal] if given.temporal else []
        rows = [(style, ["--style", style]) for style in given.styles.split(",") if style]
        rows.append((given.model, ["-m", given.model]))
        for label, chosen in rows:
            report(label, lambda clip, chosen=chosen: run([given.sumi, "convert", "-q", "-i", str(clip), "-o", str(folder / "drawn.mp4"), "--threads",
                                                           str(given.threads), *temporal, *chosen]), whole, single, given)
        try:
            import onnxruntime  # noqa: F401
        except ImportError:
            print("onnxruntime: skipped: install onnxruntime for python3")
            return
        onnx = given.onnx
        if not onnx:
            onnx = folder / "model.onnx"
            run([given.sumi, "export", "-q", "-m", given.model, "-o", str(onnx)])
        report("onnxruntime, ffmpeg", lambda clip: baseline(onnx, clip, folder / "baseline.mp4", width, height, given.threads), whole, single, given)


if __name__ == "__main__":
    main()
