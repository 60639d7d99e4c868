"""One training step of a GAN from noise in PyTorch, by the formulas of the papers and the options of sumi's command line."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from torch_noise import Stream, augmented

# sumi's recipes, of which options are a change.
COMMON = dict(gan_mode="vanilla", n_critic=1, lr=2e-4, optimizer="adam", beta1=0.5, beta2=0.999, classes=0, r1_every=16)
RECIPES = {
    "gan": dict(beta1=0.9), "dcgan": {},
    "wgan": dict(gan_mode="wgan", clip_weights=0.01, n_critic=5, optimizer="rmsprop", lr=5e-5, beta2=0.99),
    "wgan-gp": dict(gan_mode="wgan", gp=10, n_critic=5, lr=1e-4, beta1=0, beta2=0.9),
    "r3gan": dict(gan_mode="relativistic", r1=1, r2=1, r1_every=1, beta1=0, beta2=0.99, ema=0.999),
    "infogan": dict(lr_g=1e-3, lr_d=2e-4, lambda_info=1),
}


def settings(model, changed):
    return {**COMMON, **RECIPES[model], **changed}


class NoiseGan:
    def __init__(self, nets, spec):
        self.nets, self.spec, self.judging = nets, spec, [n for n in ("d", "q") if n in nets]
        for name in filter(None, spec.get("freeze", "").split(",")):
            nets[name[0]].get_parameter(name[2:]).requires_grad_(False)
        self.opt_g, self.opt_d = (self.optimizer(names, spec.get("lr_" + names[0], spec["lr"])) for names in (["g"], self.judging))
        # The discriminator's draws: points between real and fake, and random labels.
        self.draws, self.updates, self.history = Stream(16), 0, {}
        self.reference = Stream(4).uniform(64, spec["nz"], lo=-1, hi=1) if spec.get("vbn") else None
        # Where no norm joins the samples sumi shows real and fake together: then power iteration counts one pass.
        self.together = not any(isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)) or "minibatch" in name
                                for name, m in nets["d"].named_modules()) and "q" not in nets

    def parameters(self, names):
        return [p for name in names for p in self.nets[name].parameters() if p.requires_grad]

    def optimizer(self, names, lr):
        kind, spec = self.spec["optimizer"], self.spec
        more = dict(lr=lr, eps=1e-8, weight_decay=spec.get("weight_decay", 0))
        if kind == "rmsprop":
            return torch.optim.RMSprop(self.parameters(names), alpha=spec["beta2"], **more)
        make = torch.optim.AdamW if kind == "adamw" else torch.optim.Adam
        return make(self.parameters(names), betas=(spec["beta1"], spec["beta2"]), **more)

    def update(self, optimizer, names):
        params = self.parameters(names)
        weight = self.spec.get("historical_averaging", 0)
        if weight:  # weight |p - mean of p so far|^2 (Salimans 2016)
            for p in params:
                past = self.history.setdefault(p, [])
                mean = sum(past) / len(past) if past else p.detach()
                p.grad += 2 * weight * (p.detach() - mean)
                past.append(p.detach().clone())
        if "clip_grad" in self.spec:
            nn.utils.clip_grad_norm_(params, self.spec["clip_grad"])
        optimizer.step()

    def draw(self, noise):
        if self.reference is None:
            return self.nets["g"](noise)
        return self.nets["g"](torch.cat([self.reference, noise]))[64:]

    def shown(self, x):
        """What d is shown: the images with noise on them, or changed at random. (sumi's images are NHWC.)"""
        if "d_noise" in self.spec:
            n, c, h, w = x.shape
            # The product is rounded to f32, as sumi draws it.
            noise = (self.draws.normal(n, h, w, c) * float(np.float32(self.spec["d_noise"]))).float().double()
            x = x + noise.permute(0, 3, 1, 2)
        return augmented(x, self.spec.get("diffaugment", ""), self.draws)

    def see(self, x, labels):
        """Features and logits; d is told the class as channels that are the same at every place."""
        if labels is not None:
            x = torch.cat([x, labels[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        features = self.nets["d"].features(x)
        return features, self.nets["d"].judge(features)

    def loss_pairs(self, real, fake):
        """-log s(D(x) - D(G(z))) (Huang 2024); the generator's with exchanged roles."""
        return F.softplus(fake - real).mean()

    def loss_d(self, logits, real):
        mode = self.spec["gan_mode"]
        if mode in ("wgan", "hinge"):
            signed = -logits if real else logits
            return signed.mean() if mode == "wgan" else F.relu(1 + signed).mean()
        return self.labeled(logits, torch.full_like(logits, 1 - self.spec.get("label_smooth", 0) if real else 0.0))

    def labeled(self, logits, labels):
        if self.spec["gan_mode"] == "lsgan":
            return ((logits - labels)**2).mean()
        return F.binary_cross_entropy_with_logits(logits, labels)

    def loss_g(self, logits):
        mode = self.spec["gan_mode"]
        if mode in ("wgan", "hinge"):
            return -logits.mean()
        if self.spec.get("g_label") == "random":
            return self.labeled(logits, self.draws.uniform(len(logits)).view_as(logits))
        if mode == "saturating":
            return torch.log(1 - torch.sigmoid(logits)).mean()
        return self.labeled(logits, torch.ones_like(logits))

    def loss_info(self, features, codes):
        """Cross-entropy of the category, and each continuous code's log-likelihood under a spread of 1 (Chen 2016)."""
        kinds, count = self.spec["categories"], self.spec["continuous"]
        said = self.nets["q"](features)
        lost = -(codes[:, :kinds] * F.log_softmax(said[:, :kinds], 1)).sum(1)
        return (lost + 0.5 * ((codes[:, kinds:] - said[:, kinds:kinds + count])**2).sum(1)).mean()

    def squared_slope(self, x, labels):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(self.see(x, labels)[1].sum(), x, create_graph=True)
        return (slope**2).flatten(1).sum(1)

    def codes_and_labels(self, noise):
        spec = self.spec
        codes = noise[:, spec["nz"]:] if "q" in self.nets else None
        return codes, noise[:, spec["nz"]:] if spec["classes"] else None

    def train_d(self, real, noise):
        spec, fake = self.spec, self.draw(noise)
        codes, labels = self.codes_and_labels(noise)
        self.opt_d.zero_grad()
        real, seen = self.shown(real), self.shown(fake.detach())
        if self.together:
            both = self.see(torch.cat([real, seen]), None if labels is None else torch.cat([labels, labels]))
            on_real, on_fake = both[1].chunk(2)
        else:
            on_real = self.see(real, labels)[1]
            features, on_fake = self.see(seen, labels)
        if spec["gan_mode"] == "relativistic":
            loss = self.loss_pairs(on_real, on_fake)
        else:
            loss = self.loss_d(on_real, True) + self.loss_d(on_fake, False)
        if codes is not None:
            loss = loss + spec["lambda_info"] * self.loss_info(features, codes)
        penalty = 0.0
        if "gp" in spec:  # points between real and fake, one for each pair (Gulrajani 2017)
            a = self.draws.uniform(len(real), 1, 1, 1)
            between = real + a * (seen - real)
            penalty = spec["gp"] * ((self.squared_slope(between, labels).sqrt() - 1)**2).mean()
        if self.updates % spec["r1_every"] == 0:  # on real images (Mescheder 2018), and on generated ones
            for weight, x in ((spec.get("r1", 0), real), (spec.get("r2", 0), seen)):
                if weight:
                    penalty = penalty + spec["r1_every"] * weight / 2 * self.squared_slope(x, labels).mean()
        (loss + penalty).backward()
        self.update(self.opt_d, self.judging)
        self.updates += 1
        if "clip_weights" in spec:
            for p in self.parameters(self.judging):
                p.data.clamp_(-spec["clip_weights"], spec["clip_weights"])
        return fake, loss, on_real.detach(), on_fake.detach()

    def train_g(self, real, noise, fake):
        spec = self.spec
        codes, labels = self.codes_and_labels(noise)
        self.opt_g.zero_grad()
        features, logits = self.see(self.shown(fake), labels)
        if spec["gan_mode"] == "relativistic":
            with torch.no_grad():
                on_real = self.see(self.shown(real), labels)[1]
            loss, info = self.loss_pairs(logits, on_real), None
        else:
            loss, info = self.loss_g(logits), None
        if codes is not None:
            info = self.loss_info(features, codes)
            loss = loss + spec["lambda_info"] * info
        if "feature_matching" in spec:
            with torch.no_grad():
                wanted = self.see(self.shown(real), labels)[0].mean(0)
            loss = loss + spec["feature_matching"] * ((features.mean(0) - wanted)**2).mean()
        if "diversity" in spec:  # different noise should give different images (Mao 2019)
            apart = [(x[:len(x) // 2] - x[len(x) // 2:]).abs().flatten(1).mean(1) for x in (noise, fake)]
            loss = loss + spec["diversity"] * (apart[0] / (apart[1] + 1e-5)).mean()
        loss.backward()
        self.update(self.opt_g, ["g"])
        return loss, info

    def step(self, batches):
        """batches: (real, noise) of each of d's updates. Returns what sumi reports, and the last images drawn."""
        for real, noise in batches:
            fake, loss_d, on_real, on_fake = self.train_d(real, noise)
        loss_g, info = self.train_g(real, noise, fake)
        score = torch.sigmoid if self.spec["gan_mode"] in ("vanilla", "saturating") else lambda x: x
        stats = {"loss_d": loss_d, "loss_g": loss_g, "d_real": score(on_real).mean(), "d_fake": score(on_fake).mean()}
        if info is not None:
            stats["loss_info"] = info
        return {name: value.item() for name, value in stats.items()}, fake.detach()
