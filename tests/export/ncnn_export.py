"""ncnn files of sumi export, judged by ncnn (its Python package): results within 1e-4 of sumi's own, for the networks of
every model that ncnn can hold, with random inputs of two sizes. ncnn's f16 and Winograd forms are off: they round.
"""

import os
import sys
import tempfile

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..", "parity")]
import judges

np, ncnn = judges.need("numpy", "ncnn")
from ncnn_judge import network
import sumi_files as files
from tiny_models import MODELS, make_pictures, train

LIMIT = 1e-4
# Operations over the samples of a batch, which ncnn does not have.
IMPOSSIBLE = {("dcgan, minibatch", "d")}
PICTURES = ("cyclegan", "pix2pix", "animegan", "cartoongan")  # whose generators convert photographs
checks = files.Checks()


def worst(path, examples):
    """The largest difference of ncnn's results for the first sample of each example."""
    net, errors = network(path), []
    for suffix in ("", ".1"):
        if "input" + suffix not in examples:
            continue
        run = net.create_extractor()
        for name in net.input_names():
            run.input(name, ncnn.Mat(np.ascontiguousarray(examples[name + suffix][0])))
        for name in examples:
            base = name[:len(name) - len(suffix)]
            if not name.endswith(suffix) or base in net.input_names() or (not suffix and name.endswith(".1")):
                continue
            status, ours = run.extract(base)
            theirs = examples[name][0]
            ours = np.array(ours)
            good = status == 0 and ours.size == theirs.size
            errors.append(float(np.max(np.abs(ours.reshape(theirs.shape) - theirs))) / max(1.0, float(np.max(np.abs(theirs))))
                          if good else float("inf"))
    return max(errors)


def returned(work, run, path):
    """sumi convert with the exported file beside the run itself: the largest difference in gray levels."""
    pictures = []
    for model in (run, path):
        files.sumi("convert", "-m", model, "-i", work + "/photo/0.png", "-o", work + "/drawn.png", "-q", "--threads", 1)
        pictures.append(files.read_png(work + "/drawn.png").astype(int))
    return float(np.max(np.abs(pictures[0] - pictures[1]))) if pictures[0].std() > 0 else float("inf")


def main():
    only = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        make_pictures(work)
        for name, (arguments, nets, _) in MODELS.items():
            if only and name not in only:
                continue
            run = train(work, name, arguments)
            for net in nets:
                path = work + "/net.param"
                command = ["export", "-m", run, "--net", net, "-o", path, "--examples", work + "/examples.safetensors", "-q"]
                if (name, net) in IMPOSSIBLE:
                    code, said = files.sumi_result(*command)
                    checks.true("%s: %s is refused in one line" % (name, net), code == 1 and said.count("\n") == 1 and "ncnn" in said)
                    continue
                files.sumi(*command)
                checks.small("%s: %s" % (name, net), worst(path, files.read_safetensors(work + "/examples.safetensors")[0]), LIMIT)
                if net in ("g", "g_ab") and name.split(",")[0] in PICTURES:
                    checks.small("%s: %s comes back" % (name, net), returned(work, run, path), 1)
    checks.finish()


if __name__ == "__main__":
    main()
