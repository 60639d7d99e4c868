#!/usr/bin/env bash
# Compiles every CUDA source with nvcc for the given architectures, with warnings as errors, and discards the output.
# Needs no GPU. The .cpp files that differ in a GPU build (they test SUMI_CUDA or SUMI_PEER, or include CUDA's headers)
# are parsed with those headers.
#
#   scripts/compile_cuda.sh [ARCH...]      default: 80 90a, as in CI; "all": 80 86 89 90a 100 120
#   scripts/compile_cuda.sh --ptx FOLDER   only the kernels' PTX for sm_80, for test_ptx (docs/kernels.md)
#
# With SUMI_PTX=FOLDER the first form leaves the same PTX there, at no extra cost.
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
ptx=${SUMI_PTX:-}
only_ptx=
if [ "${1:-}" = --ptx ]; then
  ptx=${2:?compile_cuda: --ptx needs a folder}
  only_ptx=1
  set -- 80
fi
[ "${1:-}" = all ] && set -- 80 86 89 90a 100 120
[ $# -gt 0 ] || set -- 80 90a

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ -n "$ptx" ]; then
  [[ " $* " == *' 80 '* ]] || { echo "compile_cuda: the PTX is that of 80, which is not compiled here" >&2; exit 3; }
  mkdir -p "$ptx"
  rm -f "$ptx"/*.ptx
fi
export ptx only_ptx
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
      -Werror=all-warnings)
    if [ -n "$only_ptx" ]; then
      command+=(-lineinfo -arch=compute_80 --ptx "$file" -o "$log.ptx")
    else
      command+=("$@" -c "$file" -o "$log.o")
      [ -z "$ptx" ] || { mkdir "$log.keep" && command+=(-lineinfo --keep --keep-dir "$log.keep"); }
    fi
  fi
  if ! "${command[@]}" >"$log" 2>&1; then
    echo "compile_cuda: $sources" >&2
    cat "$log" >&2
    return 1
  fi
  if [ -n "$ptx" ] && [[ $sources == kernels/cuda/* ]]; then
    [ -n "$only_ptx" ] || mv "$(find "$log.keep" -name '*.compute_80.ptx' -o -name '*.ptx' ! -name '*.compute_*')" "$log.ptx"
    mv "$log.ptx" "$ptx/$(tr -c '[:alnum:]\n' _ <<<"${sources%% *}").ptx"
  fi
  rm -rf "$log.o" "$log.keep"
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
if [ -n "$only_ptx" ]; then
  alone=$(grep '^kernels/cuda/' <<<"$alone")
  hosts=
  sources=$(grep '^kernels/cuda/' <<<"$sources")
fi
# xargs answers 123 when a compilation failed.
batches | xargs -P "${SUMI_JOBS:-$(nproc)}" -I{} bash -c 'compile "$@"' _ {} "${targets[@]}"
echo "compile_cuda: $(wc -l <<<"$sources") sources for $* and $(grep -c . <<<"$hosts" || true) for the host: $SECONDS s; slowest: $(sort -rn "$scratch/times" | head -n 1)"
if [ -s "$scratch/slow" ]; then
  echo "compile_cuda: longer than 20 s: $(sort "$scratch/slow" | tr '\n' ';')" >&2
  [ "${SUMI_STRICT_SECONDS:-0}" = 0 ] || exit 1
fi
