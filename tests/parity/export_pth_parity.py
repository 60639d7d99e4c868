"""Files that sumi export writes for PyTorch, judged by PyTorch: torch.load(weights_only=True) reads every .pth, the tensors
equal those of the safetensors file to the bit, and load_state_dict(strict=True) takes them.

Models: one of every kind, after one step of training with tiny networks.
"""

import os
import sys
import tempfile

try:
    import torch
except ImportError:
    print("SKIPPED: PyTorch is not installed for this Python (Debian: python3-torch)")
    sys.exit(77)
import numpy as np

import sumi_files as files
import torch_anime
import torch_cyclegan
import torch_gan
import torch_noise
import torch_r3gan

SIZE = 16
checks = files.Checks()


def noise(model, *arguments):
    return [model, "--data", "a", "--channels", 3, "--size", SIZE, "--nz", 8, "--ngf", 4, "--ndf", 4, *arguments]


def pair(model, *arguments):
    return [model, "--data-a", "a", "--data-b", "b", "--load-size", 32, "--crop-size", 32, "--ngf", 4, "--ndf", 4, *arguments]


def prepared(make, **spec):
    spec = dict(dict(nz=8, ngf=4, ndf=4, classes=0), **spec)
    return lambda: torch_noise.prepared(make(spec), spec)


# What trains the model, and its networks in PyTorch.
MODELS = {
    "dcgan": (noise("dcgan"), lambda: dict(zip("gd", torch_gan.dcgan(SIZE, 3, 8, 4, 4)))),
    "dcgan, spectral norm": (noise("dcgan", "--spectral-norm"), prepared(torch_noise.dcgan, sn=True)),
    "dcgan, minibatch": (noise("dcgan", "--minibatch-discrimination", 3), prepared(torch_noise.dcgan, minibatch_discrimination=3)),
    "gan": (["gan", "--data", "a", "--channels", 3, "--size", SIZE, "--nz", 8], lambda: dict(zip("gd", torch_gan.dense_gan(SIZE, 3, 8)))),
    "gan-reshape": (noise("gan-reshape"), lambda: dict(zip("gd", torch_gan.reshape_gan(SIZE, 3, 8, 4, 4, "pixel")))),
    "gan-conv": (noise("gan-conv", "--size", 28), lambda: dict(zip("gd", torch_gan.conv5_gan(28, 3, 8, 4, 4)))),
    "autoencoder-gan": (noise("autoencoder-gan"), lambda: dict(zip("gd", torch_gan.autoencoder_gan(SIZE, 3, 8, 4, 4)))),
    "wgan-gp": (noise("wgan-gp", "--n-critic", 1), prepared(torch_noise.resnet_gan)),
    "r3gan": (noise("r3gan"), prepared(torch_r3gan.r3gan)),
    "cyclegan": (pair("cyclegan", "--n-blocks", 2), lambda: torch_cyclegan.networks(ngf=4, ndf=4, n_blocks=2)),
    "animegan": (pair("animegan", "--lr-policy", "constant"),
                 lambda: {"g": torch_anime.AnimeGenerator(4), "d": torch_anime.AnimeDiscriminator("animegan2", 4, True)}),
}


def train(work, name, arguments):
    run = "%s/%s" % (work, name.replace(", ", "-").replace(" ", "-"))
    arguments = [work + "/" + a if a in ("a", "b") else a for a in arguments]
    files.sumi("train", *arguments, "--outdir", run, "--batch-size", 2, "--steps", 1, "--sample-every", 0, "--threads", 1, "--cache",
               work + "/cache")
    return run


def same(tensors, expected):
    return list(tensors) != [] and set(tensors) == set(expected) and all(
        tensors[k].dtype == torch.from_numpy(v).dtype and np.array_equal(tensors[k].numpy(), v) for k, v in expected.items())


def judge(work, name, arguments, make):
    run = train(work, name, arguments)
    files.sumi("export", "-m", run, "-o", work + "/all.safetensors")
    files.sumi("export", "-m", run, "-o", work + "/all.pth")
    everything, loaded = files.read_safetensors(work + "/all.safetensors")[0], torch.load(work + "/all.pth", weights_only=True)
    nets = make()
    checks.true("%s: a dictionary of %s" % (name, ", ".join(loaded)), set(nets) <= set(loaded))
    # sumi's own way back needs no options: the file says what it is.
    files.sumi("import", "-i", work + "/all.pth", "-o", work + "/back.safetensors", "-q")
    files.sumi("export", "-m", work + "/back.safetensors", "-o", work + "/again.safetensors", "-q")
    again = files.read_safetensors(work + "/again.safetensors")[0]
    checks.true("%s: import takes the .pth file" % name,
                set(again) == set(everything) and all(np.array_equal(again[k], v) for k, v in everything.items()))
    for net, module in nets.items():
        begin = net + "."
        expected = {k[len(begin):]: v for k, v in everything.items() if k.startswith(begin)}
        checks.true("%s: %s has the bits of the safetensors file" % (name, net), same(loaded[net], expected))
        files.sumi("export", "-m", run, "--net", net, "-o", work + "/net.pth")
        alone = torch.load(work + "/net.pth", weights_only=True)
        checks.true("%s: %s alone" % (name, net), same(alone, expected))
        try:
            module.load_state_dict(alone, strict=True)
            took = True
        except RuntimeError as error:
            took = print(error)
        checks.true("%s: load_state_dict takes %s" % (name, net), took)
    return run


def precisions(work, run):
    """f16 and bf16, rounded to nearest even as PyTorch rounds; buffers stay f32."""
    full = torch.load(work + "/net.pth", weights_only=True)
    for word, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        files.sumi("export", "-m", run, "--net", list(MODELS["dcgan"][1]())[-1], "--precision", word, "-o", work + "/half.pth")
        half = torch.load(work + "/half.pth", weights_only=True)
        good = [half[k].equal(v if "running" in k or "num_batches" in k else v.to(dtype)) for k, v in full.items()]
        checks.true("%s: as PyTorch rounds" % word, all(good) and len(half) == len(full))


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        for folder, seed in (("a", 1), ("b", 2)):
            for i, picture in enumerate(files.smooth_pictures(4, 32, 3, seed)):
                files.write_png("%s/%s/%d.png" % (work, folder, i), picture)
        for name, (arguments, make) in MODELS.items():
            run = judge(work, name, arguments, make)
            if name == "dcgan":
                precisions(work, run)
                again = open(work + "/net.pth", "rb").read()
                files.sumi("export", "-m", run, "--net", "d", "-o", work + "/net.pth")
                checks.true("equal networks give equal bytes", open(work + "/net.pth", "rb").read() == again)
    checks.finish()


if __name__ == "__main__":
    main()
