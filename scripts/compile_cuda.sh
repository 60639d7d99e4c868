#!/usr/bin/env bash
# Compiles every CUDA source with nvcc for the given architectures, with warnings as errors, and discards the output.
# Needs no GPU. The .cpp files that differ in a GPU build (they test SUMI_CUDA or SUMI_PEER, or include CUDA's headers)
# are parsed with those headers.
#
#   scripts/compile_cuda.sh [ARCH...]      default: 80 90a, as in CI; "all": 80 86 89 90a 100 120
#
# For a small kernel nvcc mostly reads headers, three times, so six small kernels are compiled as one. The large ones (the
# upper variants) are compiled separately. SUMI_BATCH sets another number; 1 compiles every source separately. SUMI_JOBS
# compilations run in parallel (default: all processors). The slowest is reported. A compilation longer than 20 seconds is
# reported, and is an error with SUMI_STRICT_SECONDS=1, for quiet machines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v nvcc >/dev/null; then
  echo "compile_cuda: nvcc was not found; install the CUDA toolkit (12.4 or newer) to compile for GPUs" >&2
  exit 3
fi
[ "${1:-}" = all ] && set -- 80 86 89 90a 100 120
[ $# -gt 0 ] || set -- 80 90a

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

targets=()
for arch in "$@"; do targets+=("-gencode=arch=compute_$arch,code=sm_$arch"); done

compile() {  # compile "SOURCE..." TARGET...
  local sources=$1 flags=() start=$SECONDS log file command
  shift
  log=$(mktemp "$scratch/log.XXXXXX")
  [[ $(basename "${sources%% *}") =~ ^(random|optim).cu$ ]] && flags=(-fmad=false)  # as kernels/CMakeLists.txt
  file=$sources
  if [[ $sources == *' '* ]]; then
    file=$log.cu
    printf '#include "%s"\n' $sources >"$file"
  fi
  if [[ $sources == *.cpp && $sources != kernels/peer/* ]]; then
    command=(g++ -fsyntax-only -std=c++20 -Wall -Wextra -Wno-restrict -Werror -fopenmp -DSUMI_CUDA=1
      '-DSUMI_SOURCE_ROOT="."' $host_flags -I. "$file")
  else
    command=(nvcc -DSUMI_CUDA=1 -I. -std=c++20 --expt-relaxed-constexpr "${flags[@]}" -Xcompiler=-Wall,-Wextra,-ffp-contract=off
      -Werror=all-warnings "$@" -c "$file" -o "$log.o")
  fi
  if ! "${command[@]}" >"$log" 2>&1; then
    echo "compile_cuda: $sources" >&2
    cat "$log" >&2
    return 1
  fi
  rm -f "$log.o"
  local seconds=$((SECONDS - start))
  echo "$seconds s $sources" >>"$scratch/times"
  [ "$seconds" -le 20 ] || echo "$sources: $seconds s" >>"$scratch/slow"
}
export -f compile
export scratch

# The baselines of the benchmarks are compiled if cuDNN's headers are present.
peers=()
host_flags="-isystem $(dirname "$(realpath "$(command -v nvcc)")")/../include"
if echo '#include <cudnn.h>' | nvcc -E -x cu - >/dev/null 2>&1; then
  peers=(kernels/peer)
  host_flags+=" -DSUMI_PEER=1"
else
  echo "compile_cuda: cuDNN was not found, so kernels/peer is not compiled"
fi
sources=$(find kernels/cuda examples bench "${peers[@]}" -name '*.cu' -o -path 'kernels/peer/*.cpp' | sort)
large=$(grep -lE 'implicit_gemm.cuh|mma.cuh|register_blocked.cuh' -r kernels/cuda --include='*.cu')
own_flags=$(ls kernels/cuda/{random,optim}.cu)
small=$(grep '^kernels/cuda/' <<<"$sources" | grep -vxF "$large"$'\n'"$own_flags")
alone=$(grep -vxF "$small"$'\n'"$own_flags" <<<"$sources")
hosts=$(grep -rlE 'SUMI_CUDA|SUMI_PEER|cuda_runtime\.h' --include='*.cpp' engine kernels/base kernels/*.cpp bench tests models tools |
  grep -vE '^tests/(emu|fuzz)/' | sort)
export host_flags
batch=${SUMI_BATCH:-6}
batches() {  # the largest first
  echo "$alone"
  xargs -n "$batch" <<<"$small"
  xargs -n "$batch" <<<"$own_flags"
  echo "$hosts"
}
# xargs answers 123 when a compilation failed.
batches | xargs -P "${SUMI_JOBS:-$(nproc)}" -I{} bash -c 'compile "$@"' _ {} "${targets[@]}"
echo "compile_cuda: $(wc -l <<<"$sources") sources for $* and $(wc -l <<<"$hosts") for the host: $SECONDS s; slowest: $(sort -rn "$scratch/times" | head -n 1)"
if [ -s "$scratch/slow" ]; then
  echo "compile_cuda: longer than 20 s: $(sort "$scratch/slow" | tr '\n' ';')" >&2
  [ "${SUMI_STRICT_SECONDS:-0}" = 0 ] || exit 1
fi
