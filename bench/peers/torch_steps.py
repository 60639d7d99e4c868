#!/usr/bin/env python3
"""Times one whole piece of work in PyTorch and prints one JSON line, as bench_steps does for sumi.

torch_steps.py CASE [--device cpu|cuda] [--threads N] [--seconds S] [--channels-last] [--flush-denormal] [--tf32]
               [--compile]

--compile needs PyTorch 2 and a C++ compiler: the networks are traced, fused and compiled in the first steps.

On CUDA cuDNN tries its algorithms in the first steps and keeps the fastest, a time ends when the device has done the work,
memory is that of PyTorch's allocator, and products are f32 as sumi's are, unless --tf32 rounds their factors to TF32.

The transposed convolutions of PyTorch 1.13 call OpenBLAS, whose own threads must not meet OpenMP's: start with
OPENBLAS_NUM_THREADS=1, as compare.py does.
"""
import argparse
import functools
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "parity"))

import torch  # noqa: E402

COMPILE = False


def status_bytes(field):
    """A line of /proc/self/status in bytes: VmRSS (resident now) or VmHWM (the most ever resident)."""
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def blas():
    """The BLAS that this process really uses: the BLAS package's own reference form is ten times slower."""
    names = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if "blas" in line}
    return next((name for name in sorted(names) if "openblas" in name), "reference" if names else "built in")


def prepared(net, layout, device):
    """With its first weights, where and how it shall run; compiled where that was asked for."""
    for module in net.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            torch.nn.init.normal_(module.weight, 0.0, 0.02)
    net = net.to(device=device, memory_format=layout)
    return torch.compile(net) if COMPILE else net


def dcgan(size, batch, layout, device):
    import torch_gan
    g, d = (prepared(net, layout, device) for net in torch_gan.dcgan(size, 3, 100, size, size))
    adam = [torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d)]
    loss = torch.nn.BCEWithLogitsLoss()
    real = torch.tanh(torch.randn(batch, 3, size, size, device=device)).contiguous(memory_format=layout)
    ones, zeros = (value(batch, 1, 1, 1, device=device) for value in (torch.ones, torch.zeros))

    # torch_gan.step without its copies of the gradients.
    def work():
        adam[1].zero_grad(set_to_none=True)
        on_real = d(real)
        loss_real = loss(on_real, ones)
        loss_real.backward()
        fake = g(torch.randn(batch, 100, 1, 1, device=device).contiguous(memory_format=layout))
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


def cyclegan(size, layout, device):
    import torch_cyclegan
    nets = {name: prepared(net, layout, device) for name, net in torch_cyclegan.networks().items()}
    model = torch_cyclegan.CycleGAN(nets)
    real = [torch.tanh(torch.randn(1, 3, size, size, device=device)).contiguous(memory_format=layout) for _ in range(2)]

    def work():
        losses, _, _ = model.step(*real)
        return [loss.item() for loss in losses.values()]
    return work


def network(name):
    """A generator alone, for inference."""
    if name == "anime":
        import torch_anime
        return torch_anime.AnimeGenerator().eval()
    import torch_cyclegan
    return torch_cyclegan.generator_of("resnet_9blocks").eval()


def inference(name, size, layout, device):
    net = prepared(network(name), layout, device)
    x = torch.tanh(torch.randn(1, 3, size, size, device=device)).contiguous(memory_format=layout)

    def work():
        with torch.inference_mode():
            return net(x)
    return work


INFERENCE = {"resnet%d" % size: ("resnet", size) for size in (256, 512, 1024)}
INFERENCE.update({"anime%d" % size: ("anime", size) for size in (256, 512, 1024, 2048)})
CASES = {"dcgan32": functools.partial(dcgan, 32, 16), "dcgan64": functools.partial(dcgan, 64, 16),
         "dcgan64b64": functools.partial(dcgan, 64, 64), "cyclegan128": functools.partial(cyclegan, 128),
         "cyclegan256": functools.partial(cyclegan, 256)}
CASES.update({case: functools.partial(inference, *what) for case, what in INFERENCE.items()})


def on_cuda(args):
    """Prepares PyTorch for CUDA; returns (bytes held, the most that were, wait for the device) as functions."""
    if not torch.cuda.is_available():
        sys.exit("torch_steps: this PyTorch cannot use a CUDA device")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.tf32
    return torch.cuda.memory_allocated, torch.cuda.max_memory_allocated, torch.cuda.synchronize


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--flush-denormal", action="store_true")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--tf32", action="store_true", help="with --device cuda: products of factors in TF32")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    global COMPILE
    COMPILE = args.compile
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(args.flush_denormal)
    torch.manual_seed(0)
    if args.device == "cuda":
        held, most_held, synchronize = on_cuda(args)
    else:
        held, most_held, synchronize = (lambda: status_bytes("VmRSS")), (lambda: status_bytes("VmHWM")), (lambda: None)
    at_start = held()
    work = CASES[args.case](torch.channels_last if args.channels_last else torch.contiguous_format, args.device)
    at_first_step = held()
    work()
    work()
    synchronize()
    if args.device == "cuda":
        torch.cuda.reset_peak_memory_stats()  # cuDNN's search for algorithms is over
    times, cpu_times = [], []
    while sum(times) < 1000 * args.seconds or len(times) < 3:
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        synchronize()
        times.append(1000 * (time.perf_counter() - start))
        cpu_times.append(1000 * (time.process_time() - cpu_start))
    times.sort()
    peak = most_held()

    def at(share):
        return times[round(share * (len(times) - 1))]
    setting = ("channels_last" if args.channels_last else "NCHW") + (", flush denormal" if args.flush_denormal else "")
    setting += (", TF32" if args.tf32 else "") + (", compiled" if args.compile else "")
    if args.device == "cuda":
        setting = torch.cuda.get_device_name() + ", " + setting
    print(json.dumps({"case": args.case, "library": "torch " + torch.__version__, "setting": setting,
                      "blas": blas(), "threads": args.threads, "runs": len(times), "median_ms": round(statistics.median(times), 3),
                      "cpu_ms": round(statistics.median(cpu_times), 3),
                      "mean_ms": round(statistics.mean(times), 3), "mean_cpu_ms": round(statistics.mean(cpu_times), 3),
                      "p10_ms": round(at(0.1), 3), "p90_ms": round(at(0.9), 3),
                      "peak_over_first_step": peak - at_first_step, "peak_over_start": peak - at_start}))


if __name__ == "__main__":
    main()
