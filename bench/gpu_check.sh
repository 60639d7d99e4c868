#!/usr/bin/env bash
# Everything that a GPU can tell of sumi, in stages that each end within nine minutes. Needs nvcc, CMake and Ninja; takes
# PyTorch, compute-sanitizer and nvidia-smi where they are. Headers and packed sets come from carry/ (bench/gpu_carry.sh).
#
#   bench/gpu_check.sh OUT [STAGE...]     stages: build tests sanitizer kernels steps train; without any: all of them
#
# Results are files in OUT (small, flat). A stage that passed in this OUT is not run again: an interrupted check goes on where
# it was. bench/gpu_report.py OUT makes a page of them. Exit code: 0 when every stage passed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -ge 1 ] || { echo "usage: bench/gpu_check.sh OUT [STAGE...]" >&2; exit 2; }
out=$1
shift
[ $# -gt 0 ] || set -- build tests sanitizer kernels steps train
mkdir -p "$out"
out=$(cd "$out" && pwd)
build=${SUMI_GPU_BUILD:-build/gpu}
limit=520  # seconds of a stage

describe() {
  date -u '+date %Y-%m-%d %H:%M UTC'
  echo "commit $(git rev-parse --short HEAD 2>/dev/null || cat carry/commit 2>/dev/null || echo unknown)"
  nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit --format=csv,noheader 2>/dev/null | sed 's/^/device /' ||
    echo "device none"
  nvcc --version 2>/dev/null | sed -n 's/^.*release /nvcc /p'
  python3 -c 'import torch; print("torch", torch.__version__, "cudnn", torch.backends.cudnn.version(), "cuda", torch.cuda.is_available())' \
    2>/dev/null || echo "torch none"
}

stage_build() {
  local arch=native headers=()
  nvidia-smi >/dev/null 2>&1 || arch=90a  # a dry run
  [ -d carry/include/fmt ] && headers=("-DSUMI_HEADERS=$PWD/carry/include")
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSUMI_CUDA=ON -DSUMI_PICTURES=OFF -DSUMI_ONEDNN=OFF \
    -DSUMI_EXAMPLES=OFF -DSUMI_BENCH=ON -DCMAKE_CUDA_ARCHITECTURES="$arch" "${headers[@]}" &&
    cmake --build "$build" --parallel "$(nproc)"
}
stage_tests() {
  local room failed=0
  for room in kernels engine models; do
    "$build/test_$room" || failed=1
  done
  return $failed
}
stage_sanitizer() {  # the smallest cases of every family
  local tool failed=0
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer: not available"; return 0; }
  for tool in memcheck racecheck initcheck synccheck; do
    echo "== $tool"
    timeout 120 compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/test_kernels" \
      -tc='gemm*,unary*,norm*: every backend*,conv: every backend on small*' || failed=1
  done
  return $failed
}
stage_kernels() {
  "$build/bench_kernels" --device cuda
}
stage_steps() {
  local case failed=0
  for case in dcgan64 cyclegan256 resnet256; do
    "$build/bench_steps" "$case" --device cuda --seconds 8 || failed=1
    python3 bench/peers/torch_steps.py "$case" --device cuda --seconds 8 --channels-last || echo "torch: not available"
    python3 bench/peers/torch_steps.py "$case" --device cuda --seconds 8 || true
  done
  return $failed
}
stage_train() {
  local data=carry/data
  [ -f "$data/lorelei.pack" ] || { echo "carry/data is missing (bench/gpu_carry.sh)"; return 1; }
  "$build/sumi" train dcgan --data "$data/lorelei.pack" --outdir "$out/train-run" --size 64 --steps 2000 --device cuda \
    --log-every 50 --sample-every 500 --quiet &&
    cp "$out/train-run/stats.jsonl" "$out/train.jsonl" && cp "$out/train-run/samples/2000.png" "$out/train.png"
  local status=$?
  rm -rf "$out/train-run"
  return $status
}

describe >"$out/machine.txt"
cat "$out/machine.txt"
failed=0
for name in "$@"; do
  [ -e "$out/$name.passed" ] && { echo "::: $name: passed before"; continue; }
  declare -F "stage_$name" >/dev/null || { echo "gpu_check: unknown stage '$name'" >&2; exit 2; }
  start=$SECONDS
  export -f "stage_$name"
  export build out
  if timeout "$limit" bash -c "stage_$name" >"$out/$name.txt" 2>&1; then
    touch "$out/$name.passed"
    echo "::: $name: $((SECONDS - start)) s"
  else
    failed=1
    echo "::: $name: FAILED after $((SECONDS - start)) s"
    tail -n 40 "$out/$name.txt"
    [ "$name" = build ] && break
  fi
done
exit $failed
