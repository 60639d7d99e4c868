"""HDF5 files of Keras, judged by h5py: what sumi export writes, and what sumi reads of files that h5py writes as Keras does."""

import os
import sys
import tempfile

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..", "parity")]
import judges

np, h5py = judges.need("numpy", "h5py")
import sumi_files as files
from tiny_models import MODELS, make_pictures, train

checks = files.Checks()
SUFFIX = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias", "moving_mean": "running_mean",
          "moving_variance": "running_var"}


def torch_layout(kind, values):
    if kind == "kernel":
        return values.transpose(3, 2, 0, 1) if values.ndim == 4 else values.T
    return values


def as_keras_loads(path):
    """The tensors under PyTorch's names, found by the lists of names that Keras follows."""
    tensors = {}
    with h5py.File(path) as file:
        checks.true("keras_version and backend", file.attrs["keras_version"].decode() == "2.15.0" and "backend" in file.attrs)
        for layer in file.attrs["layer_names"]:
            group = file[layer.decode()]
            for weight in group.attrs["weight_names"]:
                kind = weight.decode().split(":")[0]
                tensors["%s.%s" % (layer.decode(), SUFFIX.get(kind, kind))] = torch_layout(kind, group[weight.decode()][()])
    return tensors


def same(a, b):
    return set(a) == set(b) and all(a[k].dtype == b[k].dtype and np.array_equal(a[k], b[k]) for k in a)


def exported(work, name, run):
    files.sumi("export", "-m", run, "-o", work + "/all.safetensors", "-q")
    files.sumi("export", "-m", run, "-o", work + "/all.h5", "-q")
    expected = {k: v for k, v in files.read_safetensors(work + "/all.safetensors")[0].items() if "num_batches_tracked" not in k}
    checks.true("%s: h5py reads the bits" % name, same(as_keras_loads(work + "/all.h5"), expected))
    files.sumi("import", "-i", work + "/all.h5", "-o", work + "/back.safetensors", "-q")
    files.sumi("export", "-m", work + "/back.safetensors", "-o", work + "/again.safetensors", "-q")
    again = files.read_safetensors(work + "/again.safetensors")[0]
    checks.true("%s: sumi import takes them back" % name, same({k: v for k, v in again.items() if "num_batches" not in k}, expected))


def pictures(work, *models):
    drawn = []
    for model in models:
        files.sumi("convert", "-m", model, "-i", work + "/photo/0.png", "-o", work + "/drawn.png", "-q", "--threads", 1)
        drawn.append(files.read_png(work + "/drawn.png"))
    return drawn


def write_as_keras(path, tensors, inner="", **options):
    """Layers of a CycleGAN under Keras' names, in lists as save_weights writes them."""
    with h5py.File(path, "w", **options.pop("file", {})) as file:
        group = file.create_group(inner) if inner else file
        layers = {}
        for name, values in tensors.items():
            layer, kind = name.rsplit(".", 1)
            kind = {"weight": "kernel" if values.ndim > 1 else "gamma", "bias": "bias" if layer + ".weight" in tensors
                    and tensors[layer + ".weight"].ndim > 1 else "beta"}[kind]
            layers.setdefault(layer, []).append((kind, values.transpose(2, 3, 1, 0) if kind == "kernel" else values))
        names = ["conv2d_%d" % i if any(k == "kernel" for k, _ in w) else "norm_%d" % i for i, w in enumerate(layers.values())]
        group.attrs["layer_names"] = [n.encode() for n in ["input_1"] + names]
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = "2.15.0"
        group.create_group("input_1").attrs["weight_names"] = []
        for name, weights in zip(names, layers.values()):
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [("%s/%s:0" % (name, kind)).encode() for kind, _ in weights]
            for kind, values in weights:
                layer.create_dataset("%s/%s:0" % (name, kind), data=values, **options)


def foreign(work, run):
    files.sumi("export", "-m", run, "--net", "g_ab", "-o", work + "/g.safetensors", "-q")
    tensors = files.read_safetensors(work + "/g.safetensors")[0]
    for inner in ("", "model_weights"):
        path = work + "/keras.h5"
        write_as_keras(path, tensors, inner)
        a, b = pictures(work, run, path)
        checks.true("a file of Keras%s draws the same" % (", of a whole model" if inner else ""), np.array_equal(a, b) and a.std() > 0)
    for what, options, words in (("compressed", {"compression": "gzip"}, "without compression"),
                                 ("latest", {"file": {"libver": "latest"}}, "libver")):
        write_as_keras(path, tensors, **options)
        code, said = files.sumi_result("inspect", path)
        checks.true("a %s file is refused in one line" % what, code == 1 and said.count("\n") == 1 and words in said)


def main():
    with tempfile.TemporaryDirectory() as work:
        make_pictures(work)
        for name in ("dcgan", "vae", "cyclegan", "cyclegan, unet, batch", "infogan"):
            run = train(work, name, MODELS[name][0])
            exported(work, name, run)
            if name == "cyclegan":
                files.sumi("export", "-m", run, "--net", "g_ab", "-o", work + "/g.h5", "-q")
                a, b = pictures(work, run, work + "/g.h5")
                checks.true("sumi convert takes the .h5 file", np.array_equal(a, b))
                foreign(work, run)
        code, said = files.sumi_result("export", "-m", run, "--net", "g", "--precision", "bf16", "-o", work + "/no.h5")
        checks.true("bf16 is refused in one line", code == 1 and said.count("\n") == 1 and "f16" in said)
    checks.finish()


if __name__ == "__main__":
    main()
