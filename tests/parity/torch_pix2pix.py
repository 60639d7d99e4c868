"""pix2pix in PyTorch, with the names of pytorch-CycleGAN-and-pix2pix, and one training step."""

import torch
from torch import nn

import torch_cyclegan


class Pix2Pix:
    """g, d and their optimizers; d sees what was given and what came of it as channels."""

    def __init__(self, net_g="unet_256", ngf=64, ndf=64, norm="batch", n_blocks=None, lr=2e-4, lambda_l1=100.0,
                 upsample="transpose"):
        self.nets = {"g": torch_cyclegan.generator_of(net_g, ngf, norm, n_blocks, upsample=upsample),
                     "d": torch_cyclegan.NLayerDiscriminator(ndf, norm, channels=6)}
        self.lambda_l1 = lambda_l1
        self.optimizers = {name: torch.optim.Adam(net.parameters(), lr=lr, betas=(0.5, 0.999))
                           for name, net in self.nets.items()}

    def optimizer(self, name):
        return self.optimizers[name]

    def step(self, given, wanted):
        """Images NCHW in [-1, 1] -> (losses as tensors, by their names in stats.jsonl; what g drew)."""
        g, d = self.nets["g"], self.nets["d"]
        bce = nn.BCEWithLogitsLoss()

        def judged(picture, label):
            logits = d(torch.cat([given, picture], 1))
            return bce(logits, torch.full_like(logits, label))

        drawn = g(given)
        self.optimizers["d"].zero_grad(set_to_none=True)
        losses = {"loss_d": 0.5 * (judged(drawn.detach(), 0.0) + judged(wanted, 1.0))}
        losses["loss_d"].backward()
        self.optimizers["d"].step()

        d.requires_grad_(False)
        self.optimizers["g"].zero_grad(set_to_none=True)
        losses["loss_g"] = judged(drawn, 1.0)
        losses["loss_l1"] = self.lambda_l1 * (drawn - wanted).abs().mean()
        (losses["loss_g"] + losses["loss_l1"]).backward()
        self.optimizers["g"].step()
        d.requires_grad_(True)
        return {name: loss.detach() for name, loss in losses.items()}, drawn.detach()

    def gradients(self):
        """Of the last step, by the parameters' names in sumi's checkpoints."""
        return {"%s.%s" % (name, rest): p.grad for name, net in self.nets.items() for rest, p in net.named_parameters()}
