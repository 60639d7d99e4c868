#!/usr/bin/env python3
"""Makes weights that ship with sumi from a checkpoint, of `sumi train features` or `sumi train stylizer`: EMA weights only,
without paths of the machine it was trained on. Usage: ship_weights.py CHECKPOINT OUT.safetensors"""
import json
import struct
import sys

PATHS = ("data", "data-a", "data-b", "drawings", "outdir", "cache", "init", "plan", "dump-batches")


def read(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        return json.loads(f.read(length)), f.read()


def ship(source, target):
    header, data = read(source)
    metadata = header.pop("__metadata__")
    options = json.loads(metadata["sumi.options"])
    averaged = any(name.startswith("ema.") for name in header)
    options.update({name: "" for name in PATHS if name in options}, ema=0.0)
    for key in ("style", "styles"):  # of a stylizer: names without the folders of their teachers
        if key in options:
            options[key] = ",".join(style.split("=")[0] for style in options[key].split(","))
    metadata["sumi.options"] = json.dumps(options, separators=(",", ":"))
    metadata["sumi.kind"] = "networks"
    state = json.loads(metadata["sumi.state"])
    metadata["sumi.state"] = json.dumps({k: state[k] for k in ("step", "images", "epoch")}, separators=(",", ":"))
    kept, blobs, at = {"__metadata__": metadata}, [], 0
    for name, tensor in header.items():
        if name.startswith(("ema.", "optim.")) or (averaged and "ema." + name not in header):
            continue  # a discriminator has no average
        tensor = header["ema." + name] if averaged else tensor
        begin, end = tensor["data_offsets"]
        kept[name] = {"dtype": tensor["dtype"], "shape": tensor["shape"], "data_offsets": [at, at + end - begin]}
        blobs.append(data[begin:end])
        at += end - begin
    text = json.dumps(kept, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ship(sys.argv[1], sys.argv[2])
