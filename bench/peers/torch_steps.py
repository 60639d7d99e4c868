#!/usr/bin/env python3
"""Times a training step or an inference in PyTorch and prints one JSON line, like bench_steps for sumi.

torch_steps.py CASE [--device cpu|cuda] [--threads N] [--seconds S] [--flush-denormal]
               [--precision f32|tf32|bf16] [--channels-last] [--compile] [--graph]
torch_steps.py CASE --every-setting ...     one line for each setting, the quick ones first

CASE is that of bench_steps: dcgan64, dcgan64b128, cyclegan256, resnet256, anime512.

--precision must equal sumi's: tf32 (CUDA only) allows rounded factors in products, bf16 is autocast
with f32 weights. On CUDA, cuDNN tries its algorithms in the first steps and keeps the fastest, Adam is
the fused one, times end when the device has finished, and memory is that of PyTorch's allocator.
--compile needs PyTorch 2 and a C++ compiler: the networks are traced, fused and compiled in the first
steps. --graph records a step as a CUDA graph and replays it, like sumi. With --every-setting, a setting
that fails is named on standard error and the others continue.

The transposed convolutions of PyTorch 1.13 call OpenBLAS, whose threads conflict with OpenMP's: set
OPENBLAS_NUM_THREADS=1, like compare.py.
"""
import argparse
import dataclasses
import gc
import json
import pathlib
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "parity"))

import torch  # noqa: E402


@dataclasses.dataclass
class Setting:
    """How PyTorch runs the work."""
    device: str
    precision: str
    channels_last: bool = False
    compile: bool = False
    graph: bool = False

    @property
    def layout(self):
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def autocast(self):
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def adam(self, parameters, **options):
        if self.device == "cuda":
            options.update(fused=True, capturable=self.graph)
        return torch.optim.Adam(list(parameters), **options)

    def name(self):
        words = ["channels_last" if self.channels_last else "NCHW"]
        words += ["compiled"] * self.compile + ["CUDA graph"] * self.graph
        if self.device == "cuda":
            words.append({"f32": "f32", "tf32": "TF32", "bf16": "autocast bf16"}[self.precision])
            words.append("fused Adam")
        elif self.precision == "bf16":
            words.append("autocast bf16")
        return ", ".join(words)


def every_setting(device, precision):
    """All settings, ordered by their startup time."""
    made = [Setting(device, precision, channels_last) for channels_last in (True, False)]
    if device == "cuda":
        made += [Setting(device, precision, channels_last, graph=True) for channels_last in (True, False)]
    if hasattr(torch, "compile"):
        made.append(Setting(device, precision, True, compile=True))
        if device == "cuda":
            made.append(Setting(device, precision, True, compile=True, graph=True))
    return made


def status_bytes(field):
    """A line of /proc/self/status in bytes: VmRSS (resident now) or VmHWM (peak)."""
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def blas():
    """The BLAS that this process loaded: the reference BLAS is ten times slower than OpenBLAS."""
    names = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if "blas" in line}
    return next((name for name in sorted(names) if "openblas" in name), "reference" if names else "built in")


def prepared(net, setting):
    """The network with initial weights, on its device and in its layout; compiled if requested."""
    for module in net.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            torch.nn.init.normal_(module.weight, 0.0, 0.02)
    net = net.to(device=setting.device, memory_format=setting.layout)
    return torch.compile(net) if setting.compile else net


def pictures(batch, size, setting):
    return torch.tanh(torch.randn(batch, 3, size, size, device=setting.device)).contiguous(memory_format=setting.layout)


# A workload is a function without arguments whose tensors all stay on the device. Its results are not
# read, like sumi's losses at most steps, so it can be recorded as a graph.

def dcgan(size, batch, setting):
    import torch_gan
    g, d = (prepared(net, setting) for net in torch_gan.dcgan(size, 3, 100, size, size))
    adam = [setting.adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d)]
    loss = torch.nn.BCEWithLogitsLoss()
    real = pictures(batch, size, setting)
    ones, zeros = (value(batch, 1, 1, 1, device=setting.device) for value in (torch.ones, torch.zeros))

    # torch_gan.step without its copies of the gradients.
    def work():
        adam[1].zero_grad(set_to_none=True)
        with setting.autocast():
            loss_real = loss(d(real).float(), ones)
        loss_real.backward()
        noise = torch.randn(batch, 100, 1, 1, device=setting.device).contiguous(memory_format=setting.layout)
        with setting.autocast():
            fake = g(noise)
            loss_fake = loss(d(fake.detach()).float(), zeros)
        loss_fake.backward()
        adam[1].step()
        adam[0].zero_grad(set_to_none=True)
        # As sumi freezes d: its gradients are not needed here.
        for p in d.parameters():
            p.requires_grad_(False)
        with setting.autocast():
            loss_g = loss(d(fake).float(), ones)
        loss_g.backward()
        for p in d.parameters():
            p.requires_grad_(True)
        adam[0].step()
        return loss_real.detach() + loss_fake.detach(), loss_g.detach()
    return work


def cyclegan(size, batch, setting):
    import torch_cyclegan
    nets = {name: prepared(net, setting) for name, net in torch_cyclegan.networks().items()}
    model = torch_cyclegan.CycleGAN(nets, adam=setting.adam)
    real = [pictures(batch, size, setting) for _ in range(2)]

    def work():
        with setting.autocast():
            return model.step(*real)[0]
    return work


def network(name):
    """A generator alone, for inference."""
    if name == "anime":
        import torch_anime
        return torch_anime.AnimeGenerator().eval()
    import torch_cyclegan
    return torch_cyclegan.generator_of("resnet_9blocks").eval()


def inference(name, size, batch, setting):
    net = prepared(network(name), setting)
    x = pictures(batch, size, setting)

    def work():
        with torch.no_grad(), setting.autocast():
            return net(x)
    return work


INFERENCE = ("resnet", "anime")


def parse_case(case):
    """(name, size, batch): the name, a size and, after a b, the batch size, as in bench_steps."""
    match = re.fullmatch(r"(dcgan|cyclegan|resnet|anime)([1-9]\d*)(?:b([1-9]\d*))?", case)
    if not match:
        raise argparse.ArgumentTypeError("no case %s; dcgan, cyclegan, resnet or anime, SIZE and perhaps bBATCH" % case)
    return match.group(1), int(match.group(2)), int(match.group(3) or (16 if match.group(1) == "dcgan" else 1))


def make_work(case, setting):
    name, size, batch = parse_case(case)
    if name in INFERENCE:
        return inference(name, size, batch, setting)
    return {"dcgan": dcgan, "cyclegan": cyclegan}[name](size, batch, setting)


def replayed(work):
    """The workload as a CUDA graph. It runs first to make decisions such as cuDNN's algorithms, on a
    stream other than the default one, on which a capture must not depend."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(4):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        results = work()
    return lambda: (graph.replay(), results)


def memory_of(device):
    """Functions that return the allocated bytes and their peak, and that wait for the device."""
    if device == "cuda":
        return torch.cuda.memory_allocated, torch.cuda.max_memory_allocated, torch.cuda.synchronize
    return (lambda: status_bytes("VmRSS")), (lambda: status_bytes("VmHWM")), (lambda: None)


def measure(args, setting):
    """The JSON object of one setting."""
    if setting.device == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = setting.precision != "f32"
    torch.manual_seed(0)
    held, most_held, synchronize = memory_of(setting.device)
    at_start = held()
    work = make_work(args.case, setting)
    at_first_step = held()
    if setting.graph:
        work = replayed(work)
    else:
        work()
        work()
    synchronize()
    if setting.device == "cuda":
        torch.cuda.reset_peak_memory_stats()  # after cuDNN's algorithm search
    work()
    synchronize()
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
    name = setting.name() + (", flush denormal" if args.flush_denormal else "")
    device = torch.cuda.get_device_name() if setting.device == "cuda" else "cpu"
    return {"case": args.case, "library": "torch " + torch.__version__, "device": device, "setting": name, "precision": setting.precision,
            "blas": blas(), "threads": args.threads, "runs": len(times), "median_ms": round(statistics.median(times), 3),
            "cpu_ms": round(statistics.median(cpu_times), 3), "mean_ms": round(statistics.mean(times), 3),
            "mean_cpu_ms": round(statistics.mean(cpu_times), 3), "p10_ms": round(at(0.1), 3), "p90_ms": round(at(0.9), 3),
            "peak_over_first_step": peak - at_first_step, "peak_over_start": peak - at_start}


def measure_each(args, settings):
    """Prints a line for each setting that works; returns whether any did."""
    done = 0
    for setting in settings:
        try:
            print(json.dumps(measure(args, setting)), flush=True)
            done += 1
        except Exception as error:  # compilers and captures may throw anything; the other settings count
            reason = str(error).strip().splitlines() or [type(error).__name__]
            print("torch_steps: %s, %s: %s" % (args.case, setting.name(), reason[0][:200]), file=sys.stderr, flush=True)
        gc.collect()
        if setting.device == "cuda":
            torch.cuda.empty_cache()
    return done > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", type=lambda case: parse_case(case) and case)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--flush-denormal", action="store_true")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["f32", "tf32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--graph", action="store_true", help="with --device cuda: record a step, and replay it")
    parser.add_argument("--every-setting", action="store_true", help="all layouts and settings, one line for each")
    args = parser.parse_args()
    if args.device == "cpu" and (args.precision == "tf32" or args.graph):
        parser.error("--precision tf32 and --graph are for --device cuda")
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch_steps: this PyTorch cannot use a CUDA device")
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(args.flush_denormal)
    if args.every_setting:
        sys.exit(0 if measure_each(args, every_setting(args.device, args.precision)) else 1)
    print(json.dumps(measure(args, Setting(args.device, args.precision, args.channels_last, args.compile, args.graph))))


if __name__ == "__main__":
    main()
