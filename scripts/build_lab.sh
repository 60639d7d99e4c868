#!/bin/sh
# Builds the packed files of docs/lab: sumi's engine as WebAssembly, and the weights of the style. They are committed,
# because a build with Emscripten takes minutes; the test lab_bits compares them with the native build of the sources.
# Needs the packages of the groups "build" and "lab" (third_party/install.sh build lab). Written for Emscripten 3.1.6 of
# Debian 12, whose C++ library lacks parts of C++20: lab/wasm/compat.h. JOBS is the number of compilers at a time.
set -eu
cd "$(dirname "$0")/.."
command -v emcmake > /dev/null || { echo "build_lab.sh: emcmake is missing; run third_party/install.sh build lab" >&2; exit 1; }
emcmake cmake -S lab/wasm -B build/lab -G Ninja -DCMAKE_BUILD_TYPE=None > /dev/null
cmake --build build/lab --parallel "${JOBS:-2}"
pack() {  # NAME FILE OUTPUT
  { printf '// Built by scripts/build_lab.sh from %s: gzip, base64.\nconst %s = "' "$4" "$1"
    gzip -9 -n -c "$2" | base64 -w 0
    printf '";\n'; } > "docs/lab/$3.new"
  mv "docs/lab/$3.new" "docs/lab/$3"
}
pack LAB_WASM build/lab/lab.wasm wasm.js lab/
pack LAB_COMIC_WEIGHTS weights/comic.safetensors comic-weights.js weights/comic.safetensors
{ echo '// Built by scripts/build_lab.sh from samples/photos (samples/LICENSE.md).'
  echo 'const LAB_PHOTOS = ['
  for photo in cat:'a cat' astronaut:'an astronaut'; do
    printf "  {name: '%s', data: \"data:image/jpeg;base64,%s\"},\n" "${photo#*:}" "$(base64 -w 0 "samples/photos/${photo%%:*}.jpg")"
  done
  echo '];'; } > docs/lab/sample-photos.js
ls -l docs/lab/wasm.js docs/lab/comic-weights.js docs/lab/sample-photos.js
