#!/usr/bin/env bash
# Collects the inputs of bench/gpu_check.sh in carry/ (ignored by git, below 40 MiB), for a machine with a GPU but without
# sumi's packages, data or network: the header libraries, zlib, Google Benchmark, and packed training sets. Run it where
# sumi is built with its image libraries, then copy the tree with carry/ to that machine.
#
#   bench/gpu_package.sh [SUMI]     SUMI: the program that packs (default: build/release/sumi)
#   SUMI_CARRY=carry              the folder, which is replaced
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sumi=${1:-build/release/sumi}
limit=40  # MiB
carry=${SUMI_CARRY:-carry}
[ -x "$sumi" ] || { echo "gpu_package: $sumi is missing; build it, or name another" >&2; exit 1; }

rm -rf "$carry"
mkdir -p "$carry/include" "$carry/data"
for folder in fmt nlohmann doctest CLI benchmark; do
  [ -d "/usr/include/$folder" ] || { echo "gpu_package: /usr/include/$folder is missing (third_party/install.sh build test)" >&2; exit 1; }
  cp -r "/usr/include/$folder" "$carry/include/"
done
# The compiler finds the headers that belong together: there may be several zconf.h.
echo '#include <zlib.h>' | g++ -M -x c++ - | tr ' ' '\n' | grep -E '/z(lib|conf)\.h$' | xargs cp -t "$carry/include"
cp "$(g++ -print-file-name=libz.a)" "$carry/include/"
# Google Benchmark is a shared library, located by its SONAME.
benchmark=$(realpath "$(g++ -print-file-name=libbenchmark.so)")
cp "$benchmark" "$carry/include/$(objdump -p "$benchmark" | awk '$1 == "SONAME" {print $2}')"

# A packed set is the cache file of a run.
pack() {  # pack NAME OPTION...: the character set NAME as data/NAME.pack
  local name=$1 scratch
  shift
  scratch=$(mktemp -d)
  "$sumi" train dcgan --data "samples/characters/$name" --outdir "$scratch/run" --cache "$scratch/cache" --steps 1 \
    --batch-size 1 --ngf 4 --ndf 4 --quiet "$@"
  mv "$scratch"/cache/*.pack "$carry/data/$name.pack"
  rm -rf "$scratch"
}
pack lorelei --size 64 --channels 1
pack openpeeps --size 64
git rev-parse --short HEAD >"$carry/commit"

size=$(du -sm "$carry" | cut -f1)
du -sh "$carry"/* "$carry"
[ "$size" -le "$limit" ] || { echo "gpu_package: $carry has $size MiB, more than $limit" >&2; exit 1; }
