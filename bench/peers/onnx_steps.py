#!/usr/bin/env python3
"""Times a generator in onnxruntime and prints one JSON line, like torch_steps.py. PyTorch exports the network to ONNX first.

onnx_steps.py CASE [--threads N] [--seconds S]       CASE: resnet256, anime512, as for torch_steps.py
"""
import argparse
import json
import pathlib
import statistics
import tempfile
import time

import torch_steps
import torch


def export(name, size, path):
    net = torch_steps.prepared(torch_steps.network(name), torch_steps.Setting("cpu", "f32"))
    more = {"dynamo": False} if torch.__version__ >= "2.5" else {}
    torch.onnx.export(net, torch.zeros(1, 3, size, size), path, opset_version=16, input_names=["x"], **more)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", type=lambda case: torch_steps.parse_case(case) and case)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    import onnxruntime
    name, size, batch = torch_steps.parse_case(args.case)
    if name not in torch_steps.INFERENCE or batch != 1:
        parser.error("%s is no inference of one picture" % args.case)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "net.onnx")
        export(name, size, path)
        at_start = torch_steps.status_bytes("VmRSS")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = torch.tanh(torch.randn(1, 3, size, size)).numpy()
    at_first_step = torch_steps.status_bytes("VmRSS")
    times, cpu_times = [], []
    for _ in range(2):
        session.run(None, {"x": x})
    while sum(times) < 1000 * args.seconds or len(times) < 3:
        start, cpu_start = time.perf_counter(), time.process_time()
        session.run(None, {"x": x})
        times.append(1000 * (time.perf_counter() - start))
        cpu_times.append(1000 * (time.process_time() - cpu_start))
    peak = torch_steps.status_bytes("VmHWM")
    print(json.dumps({"case": args.case, "library": "onnxruntime " + onnxruntime.__version__, "setting": "defaults",
                      "threads": args.threads, "runs": len(times), "median_ms": round(statistics.median(times), 3),
                      "cpu_ms": round(statistics.median(cpu_times), 3), "peak_over_first_step": peak - at_first_step,
                      "peak_over_start": peak - at_start}))


if __name__ == "__main__":
    main()
