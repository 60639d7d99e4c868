#!/usr/bin/env bash
# Compiles every CUDA source by itself with nvcc, for all the architectures, warnings as errors; nothing is kept. Needs no GPU.
#
#   scripts/compile_cuda.sh [ARCH...]      80 90a (what CI does) unless told otherwise; "all": 80 86 89 90a 100 120
#
# SUMI_JOBS sources at a time (all processors unless told otherwise). Names the slowest source.
# A source that takes longer than 20 seconds is named at the end, and is an error with SUMI_STRICT_SECONDS=1 (a loaded
# machine is slow, so only CI on a quiet one can tell).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v nvcc >/dev/null; then
  echo "compile_cuda: there is no nvcc here; install the CUDA toolkit (12.4 or newer) to compile for GPUs" >&2
  exit 3
fi
[ "${1:-}" = all ] && set -- 80 86 89 90a 100 120
[ $# -gt 0 ] || set -- 80 90a

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

targets=()
for arch in "$@"; do targets+=("-gencode=arch=compute_$arch,code=sm_$arch"); done

compile() {  # compile SOURCE TARGET...
  local source=$1 flags=() start=$SECONDS log
  shift
  log=$(mktemp "$scratch/log.XXXXXX")
  [[ $(basename "$source") =~ ^(random|optim).cu$ ]] && flags=(-fmad=false)  # as kernels/CMakeLists.txt
  if ! nvcc -DSUMI_CUDA=1 -I. -std=c++20 --expt-relaxed-constexpr "${flags[@]}" -Xcompiler=-Wall,-Wextra -Werror=all-warnings \
    "$@" -c "$source" -o "$log.o" >"$log" 2>&1; then
    echo "compile_cuda: $source" >&2
    cat "$log" >&2
    return 1
  fi
  rm -f "$log.o"
  local seconds=$((SECONDS - start))
  echo "$seconds s $source" >>"$scratch/times"
  [ "$seconds" -le 20 ] || echo "$source: $seconds s" >>"$scratch/slow"
}
export -f compile
export scratch

# What benchmarks compare with is compiled where cuDNN's headers are.
peers=()
if echo '#include <cudnn.h>' | nvcc -E -x cu - >/dev/null 2>&1; then
  peers=(kernels/peer)
else
  echo "compile_cuda: no cuDNN here, so kernels/peer is not compiled"
fi
sources=$(find kernels/cuda examples bench "${peers[@]}" -name '*.cu' -o -path 'kernels/peer/*.cpp' | sort)
# xargs answers 123 when a compilation failed.
printf '%s\n' "$sources" | xargs -P "${SUMI_JOBS:-$(nproc)}" -I{} bash -c 'compile "$@"' _ {} "${targets[@]}"
echo "compile_cuda: $(wc -l <<<"$sources") sources for $*: $SECONDS s; slowest: $(sort -rn "$scratch/times" | head -n 1)"
if [ -s "$scratch/slow" ]; then
  echo "compile_cuda: longer than 20 s: $(sort "$scratch/slow" | tr '\n' ';')" >&2
  [ "${SUMI_STRICT_SECONDS:-0}" = 0 ] || exit 1
fi
