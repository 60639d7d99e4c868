#!/usr/bin/env python3
"""Translates a folder of JPEG images with PyTorch or onnxruntime, like sumi convert, and prints one JSON line.

convert_images.py torch WEIGHTS IN OUT [--threads N] [--export NET.onnx]
convert_images.py onnxruntime NET.onnx IN OUT [--threads N]

WEIGHTS is a file of sumi export --layout torch: the generator resnet_9blocks of a CycleGAN. Pillow decodes
and encodes. The JSON has seconds of the wall clock and of the processors, of the images alone and from the
start of the program."""
import argparse
import json
import os
import pathlib
import sys
import time

START = time.time() - time.process_time()

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "parity"))

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402


def torch_network(path, threads, export):
    import torch
    from sumi_files import read_safetensors
    from torch_cyclegan import ResnetGenerator
    torch.set_num_threads(threads)
    tensors, metadata = read_safetensors(path)
    options = json.loads(metadata["sumi.export"])["options"]
    net = ResnetGenerator(9, options["ngf"], options["norm"]).eval()
    net.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    if export:
        torch.onnx.export(net, torch.zeros(1, 3, 64, 64), export, opset_version=16, input_names=["x"],
                          output_names=["y"], dynamic_axes={"x": {2: "h", 3: "w"}, "y": {2: "h", 3: "w"}})

    def run(x):
        with torch.inference_mode():
            return net(torch.from_numpy(x)).numpy()
    return run, "PyTorch " + torch.__version__


def onnx_network(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0], "onnxruntime " + onnxruntime.__version__


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime", choices=["torch", "onnxruntime"])
    parser.add_argument("network")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--export")
    given = parser.parse_args()
    if given.runtime == "torch":
        run, name = torch_network(given.network, given.threads, given.export)
    else:
        run, name = onnx_network(given.network, given.threads)
    os.makedirs(given.output, exist_ok=True)
    begin, cpu_begin = time.time(), time.process_time()
    parts = {"load": 0.0, "compute": 0.0, "save": 0.0}
    files = sorted(os.listdir(given.input))
    for file in files:
        t0 = time.time()
        image = np.asarray(Image.open(os.path.join(given.input, file)).convert("RGB"), np.float32)
        x = np.ascontiguousarray(image.transpose(2, 0, 1)[None]) / 127.5 - 1
        t1 = time.time()
        y = run(x)
        t2 = time.time()
        levels = np.rint((np.clip(y[0].transpose(1, 2, 0), -1, 1) + 1) * 127.5).astype(np.uint8)
        Image.fromarray(levels).save(os.path.join(given.output, file), quality=95, subsampling=0)
        for part, seconds in zip(parts, (t1 - t0, t2 - t1, time.time() - t2)):
            parts[part] += seconds
    print(json.dumps({"library": name, "images": len(files), "seconds": time.time() - begin,
                      "cpu_seconds": time.process_time() - cpu_begin, "seconds_from_start": time.time() - START,
                      "cpu_seconds_from_start": time.process_time(), **parts}))


if __name__ == "__main__":
    main()
