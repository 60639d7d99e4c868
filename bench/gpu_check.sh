#!/usr/bin/env bash
# Everything that a GPU can tell of sumi, in stages that each end within nine minutes. Needs nvcc, CMake and Ninja; takes
# PyTorch, compute-sanitizer and nvidia-smi where they are. Headers and packed sets come from carry/ (bench/gpu_carry.sh).
#
#   bench/gpu_check.sh OUT [STAGE...]     stages: build tests sanitizer kernels steps train; without any: all of them
#
# OUT gets eight small files: summary.txt, one STAGE.txt for each stage, train.png. bench/gpu_report.py OUT makes a page of
# them. A stage that passed with the same programs is not run again (its output is kept in the build folder), so an
# interrupted check goes on where it was, also with an empty OUT. Exit code: 0 when every stage passed, 1 when one failed,
# 4 when only time was missing: run it again.
#
#   SUMI_GPU_SECONDS=560     begin no stage after so many seconds, and end the running one then
#   SUMI_GPU_BUILD=build/gpu SUMI_PYTHON=python3
#   SUMI_GPU_CHECK_DRY=1     without a device: builds for compute capability 9.0, runs on the CPU what can run there. A stage may then
#                            take all of SUMI_GPU_SECONDS: building with one job takes an hour on a small machine, or name a build
#                            that is there: SUMI_GPU_BUILD=build/release, and the stages after `build`
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -ge 1 ] || { echo "usage: bench/gpu_check.sh OUT [STAGE...]" >&2; exit 2; }
out=$1
shift
[ $# -gt 0 ] || set -- build tests sanitizer kernels steps train
mkdir -p "$out"
out=$(cd "$out" && pwd)
build=${SUMI_GPU_BUILD:-build/gpu}
python=${SUMI_PYTHON:-python3}
dry=${SUMI_GPU_CHECK_DRY:-0}
budget=${SUMI_GPU_SECONDS:-560}
export PATH="$PATH:/usr/local/cuda/bin" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1

device=cuda seconds=8 steps=2000
if ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
  [ "$dry" = 1 ] || { echo "gpu_check: no device here; SUMI_GPU_CHECK_DRY=1 runs what needs none" >&2; exit 3; }
  device=cpu seconds=0.1 steps=2
fi

describe() {
  date -u '+date %Y-%m-%d %H:%M UTC'
  echo "commit $(git rev-parse --short HEAD 2>/dev/null || cat carry/commit 2>/dev/null || echo unknown)"
  if [ "$device" = cuda ]; then
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit,memory.total --format=csv,noheader | sed 's/^/device /'
  else
    echo "device none (a dry run)"
  fi
  nvcc --version 2>/dev/null | sed -n 's/^.*release /nvcc /p'
  echo "processors $(nproc)"
  "$python" -c 'import torch; print("torch", torch.__version__, "cudnn", torch.backends.cudnn.version(),
"cuda", torch.cuda.is_available())' 2>/dev/null || echo "torch none"
}

stage_build() {
  local arch=90a jobs headers=()
  jobs=$(nproc)
  [ "$dry" = 1 ] && jobs=1
  if [ "$device" = cuda ]; then
    arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
    [ "$arch" = 90 ] && arch=90a
  fi
  [ -d carry/include/fmt ] && headers=("-DSUMI_HEADERS=$PWD/carry/include")
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSUMI_CUDA=ON -DSUMI_PICTURES=OFF -DSUMI_ONEDNN=OFF \
    -DSUMI_EXAMPLES=OFF -DSUMI_BENCH=ON -DCMAKE_CUDA_ARCHITECTURES="$arch" -DSUMI_PYTHON_CUDNN="$(command -v "$python")" "${headers[@]}" &&
    cmake --build "$build" --parallel "$jobs"
}

# The losses of one step from the same weights, noise and pictures on both devices.
one_step_as_on_cpu() {
  local on scratch
  scratch=$(mktemp -d)
  for on in cpu cuda; do
    "$build/sumi" train dcgan --data carry/data/openpeeps.pack --outdir "$scratch/$on" --size 64 --batch-size 16 --steps 1 \
      --log-every 1 --device "$on" --quiet || return 1
  done
  "$python" - "$scratch" <<'PYTHON'
import json, math, pathlib, sys
cpu, cuda = (json.loads((pathlib.Path(sys.argv[1]) / on / "stats.jsonl").read_text().splitlines()[-1]) for on in ("cpu", "cuda"))
losses = [name for name in cpu if name.startswith("loss")]
# loss_g comes after the discriminator's first Adam step, which turns the sign of a tiny gradient into a whole step.
bad = [name for name in losses if not math.isclose(cpu[name], cuda[name], rel_tol=1e-5 if name == "loss_d" else 1e-3)]
for name in losses:
    print("first step: %s %.7g on the CPU, %.7g on CUDA" % (name, cpu[name], cuda[name]))
sys.exit("first step: differs: %s" % ", ".join(bad) if bad or not losses else 0)
PYTHON
  local status=$?
  rm -rf "$scratch"
  return $status
}

stage_tests() {
  local room failed=0
  "$build/sumi" devices || failed=1
  for room in kernels engine models; do
    echo "== test_$room"
    SUMI_SOURCE_DIR=$PWD SUMI_PYTHON=$(command -v "$python") timeout 170 "$build/test_$room" || failed=1
  done
  if [ "$device" = cuda ]; then
    for room in engine models; do
      echo "== test_$room with the device under test on CUDA"
      SUMI_TEST_DEVICE=cuda SUMI_SOURCE_DIR=$PWD timeout 170 "$build/test_$room" || failed=1
    done
    one_step_as_on_cpu || failed=1
    # The tests pass without a device; here there is one.
    if grep -q "no CUDA device can be used" "$out/tests.txt"; then failed=1; fi
  else
    echo "no device: kernels and training steps on CUDA were not tested"
  fi
  return $failed
}

# Every family's comparison with the reference; the tools side by side, each within its own time.
sanitize() {  # sanitize TOOL
  local cases='*backends against the reference*,random: the same bits*,load_pictures: cuts*,store_pictures*,norm_running*'
  cases+=',*ladder: precisions*,*ladder: operands*,*ladder: convolution from*'
  timeout 480 compute-sanitizer --tool "$1" --error-exitcode 9 --print-limit 20 "$build/test_kernels" -tc="$cases"
  local status=$?
  echo "sanitizer $1: $(case $status in 0) echo passed ;; 124) echo "no error in 480 s, not finished" ;; *) echo "FAILED ($status)" ;; esac)"
  [ $status = 0 ] || [ $status = 124 ]
}
stage_sanitizer() {
  local tool failed=0 scratch running=()
  [ "$device" = cuda ] || { echo "no device: nothing to run under compute-sanitizer"; return 0; }
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer: not available"; return 0; }
  scratch=$(mktemp -d)
  for tool in memcheck racecheck initcheck synccheck; do
    sanitize "$tool" >"$scratch/$tool" 2>&1 &
    running+=($!)
  done
  for tool in "${running[@]}"; do wait "$tool" || failed=1; done
  for tool in memcheck racecheck initcheck synccheck; do
    echo "== $tool"
    tail -n 200 "$scratch/$tool"
  done
  rm -rf "$scratch"
  return $failed
}

# Every rung of the ladder on a few layers, then what the rules choose beside cuDNN and cuBLAS on all the nets' layers, then
# what moves memory. Each ends within its own time, so that a slow kernel costs only its own part.
stage_kernels() {
  local quick=(--benchmark_min_time=0.02 --benchmark_repetitions=3) failed=0 status
  local layers=n128h32w32c64k128r4s4u2p1,n1h66w66c256k256r3s3u1p0,n1h262w262c3k64r7s7u1p0
  local part parts=(
    "140 conv --problem $layers --variant all --peer --dtype f32,3xtf32,tf32,bf16"
    "40 conv_transpose --net dcgan64 --variant all --peer --dtype f32,tf32,bf16"
    "40 batch_norm leaky_relu --net dcgan64 --variant all --peer --dtype f32,bf16"
    "40 dense --net square --variant all --peer --dtype f32,3xtf32,tf32,bf16"
    "190 conv dense --net dcgan64,cyclegan256,animegan512 --peer --dtype f32,tf32,bf16"
    "60 memory")
  if [ "$device" != cuda ]; then
    echo "no device: a few layers on the CPU, beside oneDNN where it is in the build"
    parts=("60 conv --problem n2h16w16c16k32r3s3u1p1 --variant all --peer" "60 batch_norm leaky_relu --problem 2x16x16x32"
      "60 dense --problem m40n24k64 --peer")
  fi
  for part in "${parts[@]}"; do
    echo "== sumi-bench ${part#* }"
    # shellcheck disable=SC2086
    timeout "${part%% *}" "$build/sumi-bench" ${part#* } --device "$device" "${quick[@]}"
    status=$?
    if [ $status = 124 ]; then
      echo "stopped after ${part%% *} s"
    elif [ $status != 0 ]; then
      failed=1
    fi
  done
  return $failed
}

stage_steps() {
  local case precision failed=0 torch=1 cases=(dcgan64 cyclegan256 resnet256) peer=("$python" bench/peers/torch_steps.py)
  [ "$device" = cuda ] || { cases=(dcgan64); echo "no device: one case on the CPU"; }
  "$python" -c 'import torch' 2>/dev/null || { torch=0; echo "$python has no torch: nothing to compare with"; }
  for case in "${cases[@]}"; do
    for precision in auto bf16; do  # on CUDA auto is tf32
      timeout 120 "$build/bench_steps" "$case" --device "$device" --precision $precision --seconds "$seconds" || failed=1
    done
    [ "$torch" = 1 ] || continue
    timeout 60 "${peer[@]}" "$case" --device "$device" --seconds "$seconds" --channels-last || echo "torch: not measured"
    timeout 60 "${peer[@]}" "$case" --device "$device" --seconds "$seconds" || true
  done
  return $failed
}

stage_train() {
  local data=carry/data/lorelei.pack run="$build/check/train-run" room=$((left - 40)) logged=50
  [ -f "$data" ] || { echo "$data is missing (bench/gpu_carry.sh)"; return 1; }
  [ "$device" = cuda ] || { logged=1; echo "no device: $steps steps on the CPU"; }
  [ "$room" -le 400 ] || room=400
  rm -rf "$run"
  # As after Ctrl-C, what was trained until then is kept.
  timeout --signal=INT "$room" "$build/sumi" train dcgan --data "$data" --outdir "$run" --size 64 --channels 1 --batch-size 32 \
    --steps "$steps" --device "$device" --log-every "$logged" --sample-every $((4 * logged)) --quiet
  local status=$?
  if [ $status = 124 ] && [ "$(grep -c . "$run/stats.jsonl")" -ge 4 ]; then
    echo "stopped after $room s"
    status=0
  fi
  [ $status = 0 ] || return $status
  cat "$run/stats.jsonl"
  cp "$(find "$run/samples" -name '*.png' | sort -V | tail -n 1)" "$build/check/train.png"
  rm -rf "$run"
}

mkdir -p "$build/check"
describe >"$out/summary.txt"
cat "$out/summary.txt"
say() { echo "::: $*" | tee -a "$out/summary.txt"; }
# What a stage's result depends on.
fingerprint() { cat bench/gpu_check.sh bench/peers/*.py "$build"/{sumi,sumi-bench,test_*,bench_steps} 2>/dev/null | sha256sum; }

export build out device seconds steps python dry
export -f sanitize one_step_as_on_cpu
failed=0 unfinished=0
for name in "$@"; do
  declare -F "stage_$name" >/dev/null || { echo "gpu_check: unknown stage '$name'" >&2; exit 2; }
  kept=$build/check/$name
  if [ "$name" != build ] && [ -f "$kept.passed" ] && [ "$(cat "$kept.passed")" = "$device $(fingerprint)" ]; then
    cp "$kept.txt" "$out/"
    say "$name: passed before"
    continue
  fi
  left=$((budget - SECONDS))
  [ "$left" -le 520 ] || [ "$dry" = 1 ] || left=520
  if [ "$left" -lt 30 ]; then
    unfinished=1
    say "$name: not begun, for want of time"
    continue
  fi
  rm -f "$kept.passed"
  start=$SECONDS
  export left
  export -f "stage_$name"
  timeout "$left" bash -uo pipefail -c "stage_$name" >"$out/$name.txt" 2>&1
  status=$?
  if [ $status = 0 ]; then
    cp "$out/$name.txt" "$kept.txt"
    echo "$device $(fingerprint)" >"$kept.passed"
    say "$name: passed in $((SECONDS - start)) s"
    continue
  fi
  if [ $status = 124 ] && [ "$left" -lt 520 ]; then
    unfinished=1
    say "$name: not finished, for want of time"
    continue
  fi
  failed=1
  say "$name: FAILED after $((SECONDS - start)) s$([ $status = 124 ] && echo ' (out of time)')"
  tail -n 40 "$out/$name.txt"
  [ "$name" = build ] && break
done
[ -f "$build/check/train.png" ] && cp "$build/check/train.png" "$out/"
if [ "$failed" = 0 ] && [ "$unfinished" = 1 ]; then exit 4; fi
exit "$failed"
