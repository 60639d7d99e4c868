"""Compares the GANs of the course notes and DCGAN with PyTorch through the program and its files.

f64: a few steps from the same weights, batches and noise, losses within 1e-8. (In f32 a trajectory proves nothing:
training is chaotic and PyTorch disagrees with itself.)
f32: single steps from the checkpoint at 0, for gan and dcgan also from a later one: losses and gradients, against PyTorch
in f64.
Files: exported weights load into the networks of pytorch/examples/dcgan, imported ones have the same bits.
--device NAME (emu, cuda): only the single steps, from 0 and 1, on that device. For other losses see noise_gan_parity.py.
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
import torch_gan

torch.set_num_threads(1)  # networks this small are no faster with two
checks = files.Checks()
device = files.device_argument()

# sumi is started as seldom as will do: every start takes a third of a second, more than these networks' steps do.
MODELS = {
    "dcgan": dict(size=16, channels=3, arguments=["--ngf", 8, "--ndf", 8, "--nz", 16],
                  make=lambda: torch_gan.dcgan(16, 3, 16, 8, 8), beta1=0.5),
    "gan": dict(size=28, channels=1, arguments=["--nz", 16], make=lambda: torch_gan.dense_gan(28, 1, 16), beta1=0.9),
}
# The course notes' other networks, for fewer steps.
TEXTS = {
    "gan-reshape": dict(size=10, channels=3, arguments=["--nz", 8, "--ngf", 4, "--ndf", 16], beta1=0.9, real_label=0.9,
                        make=lambda: torch_gan.reshape_gan(10, 3, 8, 4, 16, "pixel")),
    "gan-reshape flat": dict(size=10, channels=3, arguments=["--nz", 8, "--ngf", 4, "--ndf", 16, "--variant", "flat"],
                             make=lambda: torch_gan.reshape_gan(10, 3, 8, 4, 16, "flat"), beta1=0.9, real_label=0.9),
    "gan-conv": dict(size=28, channels=1, arguments=["--nz", 8, "--ngf", 2, "--ndf", 8], beta1=0.9, lr=1e-4,
                     make=lambda: torch_gan.conv5_gan(28, 1, 8, 2, 8)),
    "gan-conv transpose": dict(size=28, channels=1, arguments=["--nz", 8, "--ngf", 2, "--ndf", 8, "--upsample", "transpose"], beta1=0.9,
                               lr=1e-4, make=lambda: torch_gan.conv5_gan(28, 1, 8, 2, 8, upsample="transpose")),
    "gan-conv 7": dict(size=7, channels=3, arguments=["--nz", 8, "--ngf", 4, "--ndf", 8], beta1=0.9, lr=1e-4,
                       make=lambda: torch_gan.conv5_gan(7, 3, 8, 4, 8)),
    "autoencoder-gan": dict(size=16, channels=3, arguments=["--nz", 8, "--ngf", 4, "--ndf", 4], beta1=0.5,
                            make=lambda: torch_gan.autoencoder_gan(16, 3, 8, 4, 4)),
    "autoencoder-gan bilinear": dict(size=16, channels=3, arguments=["--nz", 8, "--ngf", 4, "--ndf", 4, "--upsample", "bilinear"],
                                     make=lambda: torch_gan.autoencoder_gan(16, 3, 8, 4, 4, upsample="bilinear"), beta1=0.5),
}
MODELS.update(TEXTS)
# Every kind of layer once: "gan-conv 7" has none of its own in f32, and what dense layers of "gan" stand for is gray.
STARTS = {"dcgan": (0, 1, 5), "gan": (0, 1), "gan-reshape": (0,), "gan-reshape flat": (0,), "gan-conv": (0,), "autoencoder-gan": (0,)}
FILES = ("dcgan", "gan-reshape flat", "gan-conv", "autoencoder-gan")


def train(model, folder, run, *more):
    spec = MODELS[model]
    files.sumi("train", model.split()[0], "--data", folder, "--outdir", run, "--size", spec["size"], "--channels", spec["channels"],
               "--batch-size", 4, "--log-every", 1, "--sample-every", 0, "--dump-batches", run + "/batches",
               "--cache", run + "-cache", "--threads", 1, *spec["arguments"], *more)


def networks(model, tensors, dtype, steps):
    g, d = MODELS[model]["make"]()
    optimizers = []
    for name, net in (("g", g), ("d", d)):
        net.to(dtype)
        torch_gan.load(net, name, tensors)
        opt = torch.optim.Adam(net.parameters(), lr=MODELS[model].get("lr", 2e-4), betas=(MODELS[model]["beta1"], 0.999))
        if steps:
            torch_gan.load_adam(opt, net, name, tensors, steps)
        optimizers.append(opt)
    return g, d, optimizers


def real_label(model):
    return MODELS[model].get("real_label", 1.0)


def load_batch(run, step, model):
    dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, step))[0]
    return torch_gan.batch(dump, model == "dcgan", torch.float64)


def whole_run_f64(model, folder, work, steps):
    run = "%s/%s-f64" % (work, model)
    train(model, folder, run, "--device", "ref", "--precision", "f64", "--steps", steps)
    g, d, (opt_g, opt_d) = networks(model, files.checkpoint(run, 0)[0], torch.float64, 0)
    stats, worst = files.read_stats(run), 0.0
    for step in range(1, steps + 1):
        real, noise, noise_g = load_batch(run, step, model)
        loss_d, loss_g, _, _ = torch_gan.step(g, d, opt_g, opt_d, real, noise, real_label(model), noise_g)
        worst = max(worst, abs(loss_d - stats[step]["loss_d"]), abs(loss_g - stats[step]["loss_g"]))
    checks.small("%s: losses of %d steps in f64" % (model, steps), worst, 1e-8)


def single_steps_f32(model, folder, work, on, starts):
    run = "%s/%s-f32" % (work, model)
    train(model, folder, run, "--device", on, "--precision", "f32", "--steps", starts[-1] + 1, "--save-every", 1, "--keep", 100)
    stats, beta1 = files.read_stats(run), MODELS[model]["beta1"]
    for start in starts:
        before, after = files.checkpoint(run, start)[0], files.checkpoint(run, start + 1)[0]
        g, d, (opt_g, opt_d) = networks(model, before, torch.float64, start)
        real, noise, noise_g = load_batch(run, start + 1, model)
        loss_d, loss_g, gradients, fake = torch_gan.step(g, d, opt_g, opt_d, real, noise, real_label(model), noise_g)
        error = max(abs(loss_d - stats[start + 1]["loss_d"]), abs(loss_g - stats[start + 1]["loss_g"]))
        checks.small("%s: losses of the step from %d in f32" % (model, start), error, 1e-5)
        dumped = files.read_safetensors("%s/batches/%d.safetensors" % (run, start + 1))[0]["fake"].transpose(0, 3, 1, 2)
        checks.small("%s: output of g in f32, relative" % model,
                     np.linalg.norm(fake.numpy() - dumped) / np.linalg.norm(dumped), 1e-4)
        worst = 0.0
        # A bias whose batch norm follows has no gradient but rounding: compared with the network's largest.
        largest = {net: max(float(v.norm()) for k, v in gradients.items() if k[0] == net) for net in "gd"}
        for name, theirs in gradients.items():
            net, rest = name.split(".", 1)
            moment = "optim.%s.m.%s" % (net, rest)
            # Adam's first moment says what the gradient was: m' = beta1 m + (1 - beta1) grad.
            ours = (after[moment].astype(np.float64) - beta1 * before[moment].astype(np.float64)) / (1 - beta1)
            ours = torch_gan.to_torch(rest, ours, g if net == "g" else d).numpy()
            theirs = theirs.numpy().astype(np.float64)
            worst = max(worst, np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-3 * largest[net]))
        # The texts' batch norms over four samples amplify rounding.
        limit = 2e-2 if start > 0 else 1e-3 if model in TEXTS else 1e-4
        checks.small("%s: gradients of the step from %d in f32" % (model, start), worst, limit)
    return run


def exported_and_imported(model, run, work, nets=None):
    """nets: those that are exported and imported one by one; without, both are in one file."""
    spec, (g, d) = MODELS[model], MODELS[model]["make"]()
    step = max(files.read_stats(run))
    checkpoint, tensors = "%s/checkpoints/%d.safetensors" % (run, step), files.checkpoint(run, step)[0]
    path, imported = work + "/theirs.safetensors", work + "/imported.safetensors"
    for only in nets or [None]:
        chosen = {name: net for name, net in (("g", g), ("d", d)) if only in (None, name)}
        prefixes = {name: "" if only else name + "." for name in chosen}
        net_option = ["--net", only] if only else []
        # The other way: weights of theirs, imported.
        theirs = {prefixes[name] + k: v.numpy() for name, net in chosen.items() for k, v in net.state_dict().items()}
        files.write_safetensors(path, theirs)
        files.sumi("import", "--model", model.split()[0], "--size", spec["size"], "--channels", spec["channels"],
                   *spec["arguments"], *net_option, "-i", path, "-o", imported)
        back = files.read_safetensors(imported)[0]
        checks.true("%s: imported weights are the same bits" % model, all(
            torch.equal(v, torch_gan.to_torch(k, back[name + "." + k], net)) for name, net in chosen.items()
            for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")))
        files.sumi("export", "-m", checkpoint, *net_option, "--layout", "torch", "-o", path)
        exported = {k: torch.from_numpy(v) for k, v in files.read_safetensors(path)[0].items()}
        for name, net in chosen.items():
            begin = prefixes[name]
            net.load_state_dict({k[len(begin):]: v for k, v in exported.items() if k.startswith(begin)}, strict=True)
            same = all(torch.equal(v, torch_gan.to_torch(k, tensors[name + "." + k], net))
                       for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked"))
            checks.true("%s: export of %s loads into the example's network" % (model, name), same)


def converter_f64(work):
    """The converter form: d on style and converted images, then g; each optimizer its own network's gradients."""
    photos, style, run, steps, weight = work + "/photos", work + "/style", work + "/converter", 3, 7.0
    files.write_pictures(photos, 6, 12, 3)
    files.write_pictures(style, 8, 12, 3)
    files.sumi("train", "photo-converter", "--data-a", photos, "--data-b", style, "--outdir", run,
               "--load-size", 12, "--crop-size", 8, "--nz", 3, "--ngf", 4, "--ndf", 4, "--batch-size", 2, "--log-every", 1,
               "--sample-every", 0, "--dump-batches", run + "/batches", "--cache", run + "-cache", "--threads", 1,
               "--lambda-autoencoder", weight, "--device", "ref", "--precision", "f64", "--steps", steps)
    tensors, stats = files.checkpoint(run, 0)[0], files.read_stats(run)
    g, d = torch_gan.AutoencoderConverter(3, 3, 4).double(), torch_gan.autoencoder_discriminator(8, 3, 4).double()
    torch_gan.load(g, "g", tensors)
    torch_gan.load(d, "d", tensors)
    opt_g, opt_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d))
    loss, worst = torch.nn.BCEWithLogitsLoss(), 0.0
    for step in range(1, steps + 1):
        dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, step))[0]
        a, b = (torch.from_numpy(dump[name]).permute(0, 3, 1, 2) for name in ("real_a", "real_b"))
        fake = g(a)
        opt_d.zero_grad()
        on_real, on_fake = d(b), d(fake.detach())
        loss_d = loss(on_real, torch.ones_like(on_real)) + loss(on_fake, torch.zeros_like(on_fake))
        loss_d.backward()
        opt_d.step()
        opt_g.zero_grad()
        judged = d(fake)
        loss_g, copy = loss(judged, torch.ones_like(judged)), weight * (fake - a).abs().mean()
        (loss_g + copy).backward()
        opt_g.step()
        ours = stats[step]
        worst = max(worst, abs(loss_d.item() - ours["loss_d"]), abs(loss_g.item() - ours["loss_g"]),
                    abs(copy.item() - ours["loss_recon"]))
    checks.small("autoencoder-gan, converter: losses of %d steps in f64" % steps, worst, 1e-9)


with tempfile.TemporaryDirectory() as work:
    for model in MODELS:
        folder = work + "/pictures-" + model.replace(" ", "-")
        files.write_pictures(folder, 24, MODELS[model]["size"], MODELS[model]["channels"])
        if model in STARTS:
            single_steps_f32(model, folder, work, device, STARTS[model][:3 if device == "cpu" else 2])
        if device != "cpu":
            continue
        whole_run_f64(model, folder, work, 10 if model == "dcgan" else 4)
        if model in FILES:
            exported_and_imported(model, "%s/%s-f32" % (work, model), work, ("g", "d") if model == "dcgan" else None)
    if device == "cpu":
        converter_f64(work)
checks.finish()
