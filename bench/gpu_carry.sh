#!/usr/bin/env bash
# Gathers in carry/ (ignored by git) what bench/gpu_check.sh needs on a machine with a GPU but without our packages, data or
# network: the header libraries, and packed training sets. Run it where sumi is built, then take the tree there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sumi=${1:-build/release/sumi}

rm -rf carry
mkdir -p carry/include carry/data
for folder in fmt nlohmann doctest CLI; do
  [ -d "/usr/include/$folder" ] || { echo "gpu_carry: /usr/include/$folder is missing (third_party/install.sh build test)" >&2; exit 1; }
  cp -r "/usr/include/$folder" carry/include/
done
# zlib's two headers, for machines that have only the library.
cp /usr/include/zlib.h carry/include/
find /usr/include -name zconf.h -exec cp {} carry/include/ \; -quit
"$sumi" pack samples/characters/lorelei -o carry/data/lorelei.pack --size 64 --quiet
"$sumi" pack samples/characters/openpeeps -o carry/data/openpeeps.pack --size 64 --quiet
du -sh carry
