#!/usr/bin/env python3
"""Packs comic heads of samples/ for the page docs/lab/pictures.html: gray, 32x32, 4 bits a pixel. Usage: pack_lab_heads.py

Needs python3-pil.
"""
import base64
import gzip
import pathlib

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
COUNT, SIDE = 600, 32


def main():
    packed = bytearray()
    for path in sorted((ROOT / "samples" / "characters" / "lorelei").glob("*.png"))[:COUNT]:
        image = Image.open(path).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        levels = [round(v / 17) for v in image.tobytes()]
        packed += bytes(a << 4 | b for a, b in zip(levels[::2], levels[1::2]))
    text = base64.b64encode(gzip.compress(bytes(packed), 9, mtime=0)).decode()
    (ROOT / "docs" / "lab" / "heads.js").write_text(
        "// Built by scripts/pack_lab_heads.py from samples/characters/lorelei (Lisa Wischofsky, CC0): gzip, base64.\n"
        "const LAB_HEADS = \"%s\";\n" % text)
    print("heads.js: %d heads, %d bytes" % (len(packed) // (SIDE * SIDE // 2), len(text)))


if __name__ == "__main__":
    main()
