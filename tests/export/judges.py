"""Runs a test script with the Python that has the judges (onnxruntime, onnx, ...), which third_party/install.sh test installs."""

import importlib
import os
import sys

FOLDER = os.environ.get("SUMI_JUDGES") or os.path.expanduser("~/.cache/sumi/judges")


def need(*modules):
    """The modules; where this Python lacks one, the script starts again with the judges' Python. Skips aloud without one."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ImportError as error:
        python = os.path.join(FOLDER, "bin", "python3")
        if os.path.exists(python) and os.path.realpath(sys.prefix) != os.path.realpath(FOLDER):
            os.execv(python, [python, "-B"] + sys.argv)
        print("SKIPPED: %s (third_party/install.sh test installs it in %s, or SUMI_JUDGES names another folder)" % (error, FOLDER))
        sys.exit(77)
