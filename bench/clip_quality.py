#!/usr/bin/env python3
"""Measures how much a drawn clip flickers.

Usage: clip_quality.py SUMI CLIP... [--made PHOTO] [--frames N] [--size PX] [--temporal X,...] [--draw "--style ink"]...
                       [--keep DIR]
       clip_quality.py --figures SOURCE DRAWN
       clip_quality.py --self-test

Every clip is drawn several times by SUMI: frame by frame (--temporal 0), and with each blend X ("default": the style's own), in each of
the drawings that --draw names. A row has the warping errors of the source and of the frame-by-frame drawing, then, in units of that
drawing: the warping error (mean absolute difference to the drawing before, brought along the clip's own optical flow where that is
sure; Lai et al. 2018), the sharpness (variance of the Laplacian), and the change (mean absolute difference of neighboring frames) in
units of the source's. The flow is OpenCV's DIS at its preset medium, which sumi does not use. --made adds a pan over the photograph,
a handheld shake and a cut. --figures prints the three figures of two clips as JSON: those of sumi evaluate --clip. Needs python3-opencv, python3-numpy and ffmpeg."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile


def frames_of(path, count):
    import cv2
    import numpy
    capture, frames = cv2.VideoCapture(str(path)), []
    while len(frames) < count:
        good, frame = capture.read()
        if not good:
            break
        frames.append(frame.astype(numpy.uint8))
    return frames


def gray(frame):
    import cv2
    return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)


def flow_between(source):
    """For each frame from the second on: the map into the frame before, and the pixels where it is sure."""
    import cv2
    import numpy
    dis, maps = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM), []
    height, width = source[0].shape[:2]
    grid = numpy.stack(numpy.meshgrid(numpy.arange(width), numpy.arange(height)), -1).astype(numpy.float32)
    for before, now in zip(source, source[1:]):
        there, back = dis.calc(gray(now), gray(before), None), dis.calc(gray(before), gray(now), None)
        place = grid + there
        returned = cv2.remap(back, place[..., 0], place[..., 1], cv2.INTER_LINEAR)
        gap = ((there + returned) ** 2).sum(-1)
        bound = 0.01 * ((there ** 2).sum(-1) + (returned ** 2).sum(-1)) + 0.5
        inside = (place[..., 0] >= 0) & (place[..., 1] >= 0) & (place[..., 0] <= width - 1) & (place[..., 1] <= height - 1)
        warped = cv2.remap(gray(before), place[..., 0], place[..., 1], cv2.INTER_LINEAR).astype(int)
        alike = abs(warped - gray(now)) < 25
        maps.append((place, inside & (gap < bound) & alike))
    return maps


def measure(drawn, maps):
    """(warping error, sharpness, change) of frames."""
    import cv2
    import numpy
    errors, changes = [], []
    for before, now, (place, sure) in zip(drawn, drawn[1:], maps):
        warped = cv2.remap(before, place[..., 0], place[..., 1], cv2.INTER_CUBIC)
        difference = abs(warped.astype(int) - now).mean(-1)
        if sure.mean() > 0.3:  # else a cut
            errors.append(difference[sure].mean())
            changes.append(abs(before.astype(int) - now).mean())
    sharpness = numpy.median([cv2.Laplacian(gray(frame), cv2.CV_64F).var() for frame in drawn])
    return numpy.mean(errors), sharpness, numpy.mean(changes)


def make_clips(photo, folder):
    """A pan, a handheld shake and a cut, from one photograph."""
    import cv2
    import numpy
    image = cv2.imread(str(photo))
    height, width = 288, 384
    scale = max(1.5 * width / image.shape[1], 1.3 * height / image.shape[0])
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    random = numpy.random.default_rng(1)
    noise = lambda frame: numpy.clip(frame + random.normal(0, 2, frame.shape), 0, 255).astype(numpy.uint8)  # of a sensor
    room_x, room_y = image.shape[1] - width, image.shape[0] - height

    def view(x, y, turn=0.0):
        matrix = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), turn, 1)
        matrix[:, 2] -= (x, y)
        return noise(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))

    walk = numpy.cumsum(random.normal(0, 0.9, (60, 2)), 0)
    walk -= numpy.linspace(walk[0], walk[-1], 60)
    clips = {
        "pan": [view(room_x * i / 59, room_y / 2) for i in range(60)],
        "shake": [view(room_x / 2 + x, room_y / 2 + y, 0.25 * numpy.sin(i / 5)) for i, (x, y) in enumerate(walk)],
        "cut": [view(room_x / 3 + 0.7 * i, room_y / 2) if i < 15 else 255 - view(room_x - i, 0) for i in range(30)],
    }
    for name, frames in clips.items():
        for i, frame in enumerate(frames):
            cv2.imwrite(str(folder / f"{name}{i:03}.png"), frame)
        run(["ffmpeg", "-v", "error", "-y", "-framerate", "25", "-i", str(folder / f"{name}%03d.png"), "-c:v", "libx264", "-qp", "4",
             "-pix_fmt", "yuv444p", str(folder / f"{name}.mkv")])
        for i in range(len(frames)):
            (folder / f"{name}{i:03}.png").unlink()
    return [folder / f"{name}.mkv" for name in clips]


def run(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def draw(sumi, source, target, arguments, share):
    temporal = [] if share == "default" else ["--temporal", share]
    run([sumi, "convert", "-q", "-i", str(source), "-o", str(target), "--codec", "ffv1", *temporal, *arguments.split()])


def judge(sumi, clip, given, folder):
    """Prints the rows of a clip."""
    source, target = folder / "source.mkv", folder / "drawn.mkv"
    run(["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-an", "-sn", "-frames:v", str(given.frames), "-vf",
         f"scale='trunc(min(1,{given.size}/iw)*iw/2)*2':-2:flags=area", "-c:v", "ffv1", str(source)])
    frames = frames_of(source, given.frames)
    maps = flow_between(frames)
    own = measure(frames, maps)
    for arguments in given.draw or ["--style ink"]:
        still = None
        for share in ["0", *given.temporal.split(",")]:
            draw(sumi, source, target, arguments, share)
            eased = measure(frames_of(target, given.frames), maps)
            if given.keep:
                target.rename(pathlib.Path(given.keep) / f"{clip.stem}-{arguments.split()[-1]}-{share}.mkv")
            if still is None:
                still = eased
                continue
            print(f"{clip.name:14}{arguments:20}{share:>8}{own[0]:8.2f}{still[0]:10.2f}{eased[0] / still[0]:8.2f}{eased[1] / still[1]:8.2f}"
                  f"{still[2] / own[2]:17.2f}{eased[2] / own[2]:8.2f}", flush=True)


def figures(source, drawn):
    frames = {"source": frames_of(source, 10**9), "drawn": frames_of(drawn, 10**9)}
    maps = flow_between(frames["source"])
    names = ("warping_error", "sharpness", "change")
    print(json.dumps({clip: dict(zip(names, map(float, measure(shown, maps)))) for clip, shown in frames.items()}, indent=2))


def self_test():
    import numpy
    random = numpy.random.default_rng(0)
    texture = random.integers(0, 255, (64, 96, 3), dtype=numpy.uint8)
    import cv2
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    source = [texture[:, i:i + 64].copy() for i in range(6)]
    maps = flow_between(source)
    steady = measure(source, maps)
    flicker = measure([numpy.clip(frame.astype(int) + (20 if i % 2 else 0), 0, 255).astype(numpy.uint8) for i, frame in enumerate(source)], maps)
    assert steady[0] < 4 < 12 < flicker[0], (steady, flicker)
    assert flicker[2] > steady[2]
    print("clip_quality --self-test: 2 planted clips, both measured correctly")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sumi", nargs="?")
    parser.add_argument("clips", nargs="*", type=pathlib.Path)
    parser.add_argument("--made")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--temporal", default="default")
    parser.add_argument("--draw", action="append", help="options of sumi convert (--style ink)")
    parser.add_argument("--keep", help="a folder for the drawn clips")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--figures", nargs=2, metavar=("SOURCE", "DRAWN"))
    given = parser.parse_args()
    try:
        import cv2  # noqa: F401
    except ImportError:
        print("clip_quality: skipped: there is no python3-opencv")
        return 0
    if given.self_test:
        self_test()
        return 0
    if given.figures:
        figures(*given.figures)
        return 0
    if not given.sumi:
        parser.error("give the program sumi and clips")
    print(f"{'clip':14}{'drawn':20}{'blend':>8}{'source':>8}{'by frame':>10}{'error':>8}{'sharp':>8}{'change by frame':>17}{'change':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for clip in given.clips + (make_clips(given.made, folder) if given.made else []):
            judge(given.sumi, clip, given, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
