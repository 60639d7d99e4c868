"""GAN and DCGAN against PyTorch, through the program and its files.

f64: thirty steps from the same weights, batches and noise, losses within 1e-8. (In f32 a trajectory proves nothing:
training is chaotic and PyTorch disagrees with itself.)
f32: single steps from the checkpoints at 0, 1, 5 and 20: losses and gradients, against PyTorch in f64.
Files: exported weights load into the example's networks, imported ones give the same bits back.
--device NAME (emu, cuda): only the single steps, from 0 and 1, on that device.
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

torch.set_num_threads(2)
checks = files.Checks()
device = files.device_argument()

MODELS = {
    "dcgan": dict(size=16, channels=3, arguments=["--ngf", 8, "--ndf", 8, "--nz", 16],
                  make=lambda: torch_gan.dcgan(16, 3, 16, 8, 8), beta1=0.5),
    "gan": dict(size=28, channels=1, arguments=["--nz", 16], make=lambda: torch_gan.dense_gan(28, 1, 16), beta1=0.9),
}


def train(model, folder, run, *more):
    spec = MODELS[model]
    files.sumi("train", model, "--data", folder, "--outdir", run, "--size", spec["size"], "--channels", spec["channels"],
               "--batch-size", 4, "--log-every", 1, "--sample-every", 0, "--dump-batches", run + "/batches",
               "--cache", run + "-cache", "--threads", 2, *spec["arguments"], *more)


def networks(model, tensors, dtype, steps):
    g, d = MODELS[model]["make"]()
    optimisers = []
    for name, net in (("g", g), ("d", d)):
        net.to(dtype)
        torch_gan.load(net, name, tensors)
        opt = torch.optim.Adam(net.parameters(), lr=2e-4, betas=(MODELS[model]["beta1"], 0.999))
        if steps:
            torch_gan.load_adam(opt, net, name, tensors, steps)
        optimisers.append(opt)
    return g, d, optimisers


def load_batch(run, step, model):
    dump = files.read_safetensors("%s/batches/%d.safetensors" % (run, step))[0]
    return torch_gan.batch(dump, model == "dcgan", torch.float64)


def whole_run_f64(model, folder, work, gan_mode):
    run = "%s/%s-%s-f64" % (work, model, gan_mode)
    train(model, folder, run, "--device", "ref", "--precision", "f64", "--steps", 30, "--gan-mode", gan_mode)
    g, d, (opt_g, opt_d) = networks(model, files.checkpoint(run, 0)[0], torch.float64, 0)
    stats, worst = files.read_stats(run), 0.0
    for step in range(1, 31):
        real, noise = load_batch(run, step, model)
        loss_d, loss_g, _, _ = torch_gan.step(g, d, opt_g, opt_d, real, noise, gan_mode)
        worst = max(worst, abs(loss_d - stats[step]["loss_d"]), abs(loss_g - stats[step]["loss_g"]))
    checks.small("%s %s: losses of 30 steps in f64" % (model, gan_mode), worst, 1e-8)


def single_steps_f32(model, folder, work, on="cpu", starts=(0, 1, 5, 20)):
    run = "%s/%s-f32" % (work, model)
    train(model, folder, run, "--device", on, "--steps", starts[-1] + 1, "--save-every", 1, "--keep", 100)
    stats, beta1 = files.read_stats(run), MODELS[model]["beta1"]
    for start in starts:
        before, after = files.checkpoint(run, start)[0], files.checkpoint(run, start + 1)[0]
        g, d, (opt_g, opt_d) = networks(model, before, torch.float64, start)
        real, noise = load_batch(run, start + 1, model)
        loss_d, loss_g, gradients, fake = torch_gan.step(g, d, opt_g, opt_d, real, noise)
        error = max(abs(loss_d - stats[start + 1]["loss_d"]), abs(loss_g - stats[start + 1]["loss_g"]))
        checks.small("%s: losses of the step from %d in f32" % (model, start), error, 1e-5)
        dumped = files.read_safetensors("%s/batches/%d.safetensors" % (run, start + 1))[0]["fake"].transpose(0, 3, 1, 2)
        checks.small("%s: output of g in f32, relative" % model,
                     np.linalg.norm(fake.numpy() - dumped) / np.linalg.norm(dumped), 1e-4)
        worst = 0.0
        for name, theirs in gradients.items():
            net, rest = name.split(".", 1)
            moment = "optim.%s.m.%s" % (net, rest)
            # Adam's first moment says what the gradient was: m' = beta1 m + (1 - beta1) grad.
            ours = (after[moment].astype(np.float64) - beta1 * before[moment].astype(np.float64)) / (1 - beta1)
            ours = torch_gan.to_torch(rest, ours, g if net == "g" else d).numpy()
            theirs = theirs.numpy().astype(np.float64)
            worst = max(worst, np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-30))
        checks.small("%s: gradients of the step from %d in f32" % (model, start), worst, 1e-4 if start == 0 else 2e-2)
    return run


def exported_and_imported(model, run, work):
    spec = MODELS[model]
    checkpoint = run + "/checkpoints/21.safetensors"
    tensors = files.checkpoint(run, 21)[0]
    g, d = spec["make"]()
    for name, net in (("g", g), ("d", d)):
        path = "%s/%s-%s.safetensors" % (work, model, name)
        files.sumi("export", "-m", checkpoint, "--net", name, "--layout", "torch", "-o", path)
        exported = {k: torch.from_numpy(v) for k, v in files.read_safetensors(path)[0].items()}
        net.load_state_dict(exported, strict=True)
        net.train()
        same = all(torch.equal(v, torch_gan.to_torch(k, tensors[name + "." + k], net))
                   for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked"))
        checks.true("%s: export of %s loads into the example's network" % (model, name), same)
        # The other way: their weights, imported and exported again, are the same bits.
        fresh = spec["make"]()[0 if name == "g" else 1]
        theirs = {k: v.numpy() for k, v in fresh.state_dict().items()}
        files.write_safetensors(path, theirs)
        imported, again = "%s/%s-imported.safetensors" % (work, name), "%s/%s-again.safetensors" % (work, name)
        files.sumi("import", "--model", model, "--size", spec["size"], "--channels", spec["channels"],
                   *spec["arguments"], "--net", name, "-i", path, "-o", imported)
        files.sumi("export", "-m", imported, "--net", name, "--layout", "torch", "-o", again)
        back = files.read_safetensors(again)[0]
        checks.true("%s: import of %s and export give the same bits" % (model, name),
                    all(np.array_equal(v, back[k]) for k, v in theirs.items() if not k.endswith("num_batches_tracked")))


with tempfile.TemporaryDirectory() as work:
    for model in MODELS:
        folder = work + "/pictures-" + model
        files.write_pictures(folder, 24, MODELS[model]["size"], MODELS[model]["channels"])
        if device != "cpu":
            single_steps_f32(model, folder, work, device, (0, 1))
            continue
        whole_run_f64(model, folder, work, "vanilla")
        exported_and_imported(model, single_steps_f32(model, folder, work), work)
    for gan_mode in ("saturating", "lsgan") if device == "cpu" else ():
        whole_run_f64("dcgan", work + "/pictures-dcgan", work, gan_mode)
checks.finish()
