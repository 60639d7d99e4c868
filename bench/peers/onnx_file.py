#!/usr/bin/env python3
"""Times an ONNX file in onnxruntime and prints one JSON line, like bench_steps.

onnx_file.py FILE HEIGHT WIDTH [--threads N] [--seconds S]
"""
import argparse
import json
import statistics
import time

import numpy
import onnxruntime


def status_bytes(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(field)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("height", type=int)
    parser.add_argument("width", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.log_severity_level = 3
    at_start = status_bytes("VmRSS")
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(args.file, options, providers=["CPUExecutionProvider"])
    load_ms = 1000 * (time.perf_counter() - start)
    first = session.get_inputs()[0]
    nchw = first.shape[1] == 3
    shape = (1, 3, args.height, args.width) if nchw else (1, args.height, args.width, 3)
    x = numpy.tanh(numpy.random.default_rng(1).standard_normal(shape)).astype(numpy.float32)
    at_first_step = status_bytes("VmRSS")
    times, cpu_times = [], []
    while len(times) < 4 or (sum(times[1:]) < 1000 * args.seconds):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        session.run(None, {first.name: x})
        times.append(1000 * (time.perf_counter() - begin))
        cpu_times.append(1000 * (time.process_time() - cpu_begin))
    times, cpu_times = times[1:], cpu_times[1:]  # the first run allocates
    peak = status_bytes("VmHWM")
    print(json.dumps({"case": args.file, "library": "onnxruntime " + onnxruntime.__version__, "setting": "defaults",
                      "threads": args.threads, "runs": len(times), "load_ms": round(load_ms, 3),
                      "median_ms": round(statistics.median(times), 3), "cpu_ms": round(statistics.median(cpu_times), 3),
                      "peak_over_first_step": peak - at_first_step, "peak_over_start": peak - at_start}))


if __name__ == "__main__":
    main()
