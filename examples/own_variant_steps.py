#!/usr/bin/env python3
"""Follows docs/kernels.md, "Adding a variant", with the parts of own_variant.cu, and compiles what comes of it for the
emulation, without code. Usage: own_variant_steps.py [CXX]"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CUDA = "kernels/cuda"


def put(text, before, added):
    assert text.count(before) == 1, f"{before!r} does not stand there once"
    return text.replace(before, added + before)


def main():
    compiler = sys.argv[1] if len(sys.argv) > 1 else "c++"
    example = (ROOT / "examples/own_variant.cu").read_text(encoding="utf-8")
    kernel, fits = (re.search(rf"// \({n}\).*?(?=// \({n + 1}\))", example, re.S)[0] for n in (1, 2))
    text = (ROOT / "docs/kernels.md").read_text(encoding="utf-8")
    steps = text[text.index("## Adding a variant"):]
    includes = [name for name in re.findall(r"`(kernels/[\w/]+\.\w+)`", steps[:steps.index("2. ")]) if not name.endswith(".cu")]
    declaration, line = re.findall(r"^ {7}(\S.*)$", steps, re.M)
    made = {
        "conv/four_filters.cu": "".join(f'#include "{name}"\n' for name in includes)
                                + "namespace sumi::kernels::cuda {\n" + kernel + "}\n",
        "conv/variants.h": put((ROOT / CUDA / "conv/variants.h").read_text(encoding="utf-8"), "ConvFprop naive_fprop",
                               declaration + "\n"),
        "conv.cu": (ROOT / CUDA / "conv.cu").read_text(encoding="utf-8"),
    }
    first_table = "constexpr Variant<ConvProblem, ConvFprop> fprop_variants"
    made["conv.cu"] = put(made["conv.cu"], first_table, fits)
    made["conv.cu"] = put(made["conv.cu"], '    {"tiled", kTiled, product_fits, pays<ConvDirection::fprop', line + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        for name, source in made.items():
            path = pathlib.Path(scratch) / CUDA / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        for name in ("conv/four_filters.cu", "conv.cu"):
            subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++", f"-I{scratch}",
                            f"-I{ROOT}", f"-I{ROOT}/kernels/emu/include", pathlib.Path(scratch) / CUDA / name], check=True)
    print("docs/kernels.md: a variant that is added as it says compiles")


main()
