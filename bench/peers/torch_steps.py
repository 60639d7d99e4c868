#!/usr/bin/env python3
"""Times one whole piece of work in PyTorch and prints one JSON line, as bench_steps does for sumi.

torch_steps.py CASE [--threads N] [--seconds S] [--channels-last] [--flush-denormal]

The transposed convolutions of PyTorch 1.13 call OpenBLAS, whose own threads must not meet OpenMP's: start with
OPENBLAS_NUM_THREADS=1, as compare.py does.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "parity"))

import torch  # noqa: E402


def status_bytes(field):
    """A line of /proc/self/status in bytes: VmRSS (resident now) or VmHWM (the most ever resident)."""
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def dcgan64(layout):
    import torch_gan
    g, d = (net.to(memory_format=layout) for net in torch_gan.dcgan(64, 3, 100, 64, 64))
    for module in list(g.modules()) + list(d.modules()):
        if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            torch.nn.init.normal_(module.weight, 0.0, 0.02)
    adam = [torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d)]
    loss = torch.nn.BCEWithLogitsLoss()
    real = torch.tanh(torch.randn(16, 3, 64, 64)).contiguous(memory_format=layout)
    ones, zeros = torch.ones(16, 1, 1, 1), torch.zeros(16, 1, 1, 1)

    # torch_gan.step without its copies of the gradients.
    def work():
        adam[1].zero_grad(set_to_none=True)
        on_real = d(real)
        loss_real = loss(on_real, ones)
        loss_real.backward()
        fake = g(torch.randn(16, 100, 1, 1).contiguous(memory_format=layout))
        on_fake = d(fake.detach())
        loss_fake = loss(on_fake, zeros)
        loss_fake.backward()
        adam[1].step()
        adam[0].zero_grad(set_to_none=True)
        # As sumi freezes d: its gradients are not needed here.
        for p in d.parameters():
            p.requires_grad_(False)
        loss_g = loss(d(fake), ones)
        loss_g.backward()
        for p in d.parameters():
            p.requires_grad_(True)
        adam[0].step()
        return loss_real.item() + loss_fake.item(), loss_g.item()
    return work


CASES = {"dcgan64": dcgan64}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--flush-denormal", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(args.flush_denormal)
    torch.manual_seed(0)
    at_start = status_bytes("VmRSS")
    work = CASES[args.case](torch.channels_last if args.channels_last else torch.contiguous_format)
    at_first_step = status_bytes("VmRSS")
    work()
    work()
    times = []
    while sum(times) < 1000 * args.seconds or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    peak = status_bytes("VmHWM")

    def at(share):
        return times[round(share * (len(times) - 1))]
    setting = ("channels_last" if args.channels_last else "NCHW") + (", flush denormal" if args.flush_denormal else "")
    print(json.dumps({"case": args.case, "library": "torch " + torch.__version__, "setting": setting,
                      "threads": args.threads, "runs": len(times), "median_ms": round(statistics.median(times), 3),
                      "p10_ms": round(at(0.1), 3), "p90_ms": round(at(0.9), 3),
                      "peak_over_first_step": peak - at_first_step, "peak_over_start": peak - at_start}))


if __name__ == "__main__":
    main()
