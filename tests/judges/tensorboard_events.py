"""Reads the event files of sumi train --tensorboard with the tensorboard package: values and steps against stats.jsonl, also
of a run that was resumed from an earlier step, and the samples. Skipped aloud without the package (third_party/judges.txt)."""

import glob
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "export"), os.path.join(HERE, "..", "parity")]
import judges  # noqa: E402

np, _ = judges.need("numpy", "tensorboard")
from tensorboard.backend.event_processing import event_accumulator  # noqa: E402
from tensorboard.util import tensor_util  # noqa: E402

import sumi_files as files  # noqa: E402

checks = files.Checks()


def read(folder):
    events = event_accumulator.EventAccumulator(folder, size_guidance={event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0,
                                                                       event_accumulator.TENSORS: 0})
    events.Reload()
    return events


def scalars(events):
    """{tag: {step: value}}, whether TensorBoard keeps them as scalars or as tensors."""
    tags = events.Tags()
    found = {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        found[tag] = {e.step: float(tensor_util.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)}
    return found


with tempfile.TemporaryDirectory() as work:
    for i, picture in enumerate(files.smooth_pictures(16, 16, 3)):
        files.write_png("%s/data/%d.png" % (work, i), picture)
    run = work + "/run"
    files.sumi("train", "dcgan", "--data", work + "/data", "--outdir", run, "--size", 16, "--ngf", 4, "--ndf", 4, "--batch-size", 4,
               "--log-every", 2, "--sample-every", 4, "--save-every", 4, "--steps", 8, "--threads", 1, "--cache", work + "/cache",
               "--tensorboard", "--metrics", "kd,precision", "--metrics-every", 4, "--metrics-images", 12, "-q")
    names = glob.glob(run + "/tensorboard/events.out.tfevents.*")
    checks.true("one event file: %s" % names, len(names) == 1)
    files.sumi("train", "--resume", run + "/checkpoints/4.safetensors", "--steps", 10, "-q")
    events, stats = read(run + "/tensorboard"), files.read_stats(run)
    found = scalars(events)
    checks.true("scalars: %s" % sorted(found), {"loss_d", "loss_g", "d_real", "kd", "precision"} <= set(found))
    for tag in ("loss_d", "loss_g", "kd"):
        wanted = {step: line[tag] for step, line in stats.items() if tag in line}
        checks.true("%s: steps %s" % (tag, sorted(found[tag])), sorted(found[tag]) == sorted(wanted) and len(wanted) > 1)
        checks.small("%s: values" % tag, max(abs(found[tag][s] - wanted[s]) / max(1e-3, abs(wanted[s])) for s in wanted), 1e-6)
    images = events.Images("samples") if "samples" in events.Tags()["images"] else []
    checks.true("samples at steps %s" % [e.step for e in images], [e.step for e in images] == [4, 8, 10])
    with open(run + "/samples/10.png", "rb") as file:
        same = images[-1].encoded_image_string == file.read()
    checks.true("the last image is the sample sheet's file", same)
checks.finish()
