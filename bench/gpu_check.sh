#!/usr/bin/env bash
# Runs all checks of sumi on a GPU, in stages of at most nine minutes. Needs nvcc, CMake and Ninja; uses PyTorch,
# compute-sanitizer and nvidia-smi if present. Headers and packed sets come from carry/ (bench/gpu_package.sh).
#
#   bench/gpu_check.sh [--dry] OUT [STAGE...]     stages: build tests train steps kernels sanitizer; default: all
#
# OUT gets small files: summary.txt, one STAGE.txt for each stage, train.png, and report.md with all of them
# (bench/gpu_report.py). A failing stage is reported and does not stop the others, except `build`. A finished stage
# does not run again with the same programs (its output is kept in the build folder; a failed one runs again when it is
# named), so an interrupted check continues where it stopped, also with an empty OUT. Exit code: 0 all stages passed,
# 1 a stage failed, 3 no GPU, 4 out of time: run it again.
#
#   --dry, SUMI_GPU_CHECK_DRY=1   without a GPU: every stage with tiny sizes on the emulated device; if nvcc is present, the
#                                 GPU build is configured as well. SUMI_GPU_BUILD may name an existing build with tests and bench
#   SUMI_GPU_SECONDS=560          time limit: no stage starts that would exceed it, and the running one is stopped
#   SUMI_GPU_BUILD=build/gpu SUMI_PYTHON=python3
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
dry=${SUMI_GPU_CHECK_DRY:-0}
if [ "${1:-}" = --dry ]; then dry=1 && shift; fi
[ $# -ge 1 ] || { echo "usage: bench/gpu_check.sh [--dry] OUT [STAGE...]" >&2; exit 2; }
out=$1
shift
named=$#
[ $# -gt 0 ] || set -- build tests train steps kernels sanitizer
mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd)
python=${SUMI_PYTHON:-python3}
budget=${SUMI_GPU_SECONDS:-560}
export PATH="$PATH:/usr/local/cuda/bin" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1

if [ "$dry" = 1 ]; then
  device=emu build=${SUMI_GPU_BUILD:-build/dry}
else
  device=cuda build=${SUMI_GPU_BUILD:-build/gpu}
  if ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
    echo "gpu_check: no GPU found; --dry runs every stage on the emulated device" >&2
    exit 3
  fi
fi
programs=(sumi sumi-bench bench_steps test_kernels test_engine test_models)

# The time limit of a stage, and the time that must remain for it to start.
limit_of() { case $1 in tests | sanitizer) echo 300 ;; train) echo 240 ;; *) echo 520 ;; esac }
needs_of() { case $1 in build | train) echo 100 ;; tests | sanitizer) echo 180 ;; *) echo 400 ;; esac }
# A command with a time limit. In the foreground, so that it ends with the stage.
within() { timeout --foreground -k 5 "$@"; }
skip() { echo "skipped: $*"; }
export -f within skip

describe() {
  date -u '+date %Y-%m-%d %H:%M UTC'
  echo "commit $(git rev-parse --short HEAD 2>/dev/null || cat carry/commit 2>/dev/null || echo unknown)"
  if [ "$device" = cuda ]; then
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit,memory.total --format=csv,noheader | sed 's/^/device /'
  else
    echo "device none (a dry run: the emulated device, tiny sizes)"
  fi
  nvcc --version 2>/dev/null | sed -n 's/^.*release /nvcc /p'
  echo "processors $(nproc)"
  "$python" -c 'import torch; print("torch", torch.__version__, "cudnn", torch.backends.cudnn.version(),
"cuda", torch.cuda.is_available())' 2>/dev/null || echo "torch none"
}

configure_for_gpu() {  # configure_for_gpu FOLDER ARCHITECTURE
  local headers=() carry
  for carry in carry "$build/check/carry"; do
    [ -d "$carry/include/fmt" ] && headers=("-DSUMI_HEADERS=$(cd "$carry" && pwd)/include") && break
  done
  cmake -S . -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSUMI_CUDA=ON -DSUMI_PICTURES=OFF -DSUMI_ONEDNN=OFF \
    -DSUMI_EXAMPLES=OFF -DSUMI_BENCH=ON -DCMAKE_CUDA_ARCHITECTURES="$2" -DSUMI_PYTHON_CUDNN="$(command -v "$python")" "${headers[@]}"
}

stage_build() {
  local arch program missing=0
  if [ "$device" = cuda ]; then
    arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
    [ "$arch" = 90 ] && arch=90a
    configure_for_gpu "$build" "$arch" && cmake --build "$build" --parallel "$(nproc)" --target "${programs[@]}"
    return
  fi
  for program in "${programs[@]}"; do [ -x "$build/$program" ] || missing=1; done
  if [ "$missing" = 1 ]; then
    { [ -f "$build/CMakeCache.txt" ] || cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSUMI_BENCH=ON; } &&
      cmake --build "$build" --target "${programs[@]}" || return
  fi
  [ -d carry/data ] || SUMI_CARRY="$build/check/carry" bench/gpu_package.sh "$build/sumi" || return
  if command -v nvcc >/dev/null; then
    configure_for_gpu "$build/check/for-gpu" 90a || return
  else
    skip "there is no nvcc: the build for a GPU was not configured"
  fi
}

packed() {  # packed NAME: the path of a packed set
  if [ -f "carry/data/$1.pack" ]; then echo "carry/data/$1.pack"; else echo "$build/check/carry/data/$1.pack"; fi
}

# The losses of one step from the same weights, noise and images on both devices, in f32 on both.
one_step_as_on_cpu() {
  local on scratch status size=(--batch-size 16)
  [ "$device" = cuda ] || size=(--batch-size 2 --ngf 4 --ndf 4)
  scratch=$(mktemp -d)
  for on in cpu "$device"; do
    within 100 "$build/sumi" train dcgan --data "$(packed openpeeps)" --outdir "$scratch/$on" --size 64 "${size[@]}" --steps 1 \
      --log-every 1 --device "$on" --precision f32 --quiet || { rm -rf "$scratch"; return 1; }
  done
  "$python" - "$scratch" "$device" <<'PYTHON'
import json, math, pathlib, sys
cpu, cuda = (json.loads((pathlib.Path(sys.argv[1]) / on / "stats.jsonl").read_text().splitlines()[-1]) for on in ("cpu", sys.argv[2]))
losses = [name for name in cpu if name.startswith("loss")]
# loss_g follows the discriminator's first Adam step, in which the sign of a tiny gradient decides a full step.
bad = [name for name in losses if not math.isclose(cpu[name], cuda[name], rel_tol=1e-5 if name == "loss_d" else 1e-3)]
for name in losses:
    print("first step: %s %.7g on the CPU, %.7g on %s" % (name, cpu[name], cuda[name], sys.argv[2]))
sys.exit("first step: differs: %s" % ", ".join(bad) if bad or not losses else 0)
PYTHON
  status=$?
  rm -rf "$scratch"
  return $status
}

# Programs run in parallel: most of their time is the reference's, on one processor.
stage_tests() {
  local failed=0 scratch room on i names=() running=() cases
  "$build/sumi" devices || failed=1
  scratch=$(mktemp -d)
  for room in kernels engine models; do
    for on in cpu "$device"; do
      [ "$room $on" != "kernels $device" ] || continue  # the kernel tests cover every device
      case "$device $room" in
        emu\ kernels) cases='-tc=*told apart*' ;;
        emu\ *) cases='-tc=memory*,cuda devices*,step graph*,pool: size 0*' ;;
        *) cases='-tc=*' ;;
      esac
      names+=("test_$room, the device under test: $on")
      SUMI_TEST_DEVICE=$on SUMI_SOURCE_DIR=$PWD SUMI_PYTHON=$(command -v "$python") OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive \
        within 240 "$build/test_$room" "$cases" >"$scratch/${#running[@]}" 2>&1 &
      running+=($!)
    done
  done
  for i in "${!running[@]}"; do
    wait "${running[i]}" || { echo "FAILED ($?): ${names[i]}"; failed=1; }
    echo "== ${names[i]}"
    cat "$scratch/$i"
  done
  # The tests pass without a device; this machine has one.
  if grep -q "no CUDA device can be used" "$scratch"/*; then failed=1; fi
  rm -rf "$scratch"
  one_step_as_on_cpu || failed=1
  return $failed
}

stage_train() {
  local data run="$build/check/train-run" room=$((left - 40)) status logged=50 size=(--batch-size 32 --steps 2000)
  data=$(packed lorelei)
  [ -f "$data" ] || { echo "$data is missing (bench/gpu_package.sh)"; return 1; }
  [ "$device" = cuda ] || { logged=1 size=(--batch-size 2 --ngf 4 --ndf 4 --steps 2); }
  rm -rf "$run"
  # As after Ctrl-C, the steps trained so far are saved.
  within --signal=INT "$room" "$build/sumi" train dcgan --data "$data" --outdir "$run" --size 64 --channels 1 "${size[@]}" \
    --device "$device" --log-every "$logged" --sample-every $((4 * logged)) --quiet
  status=$?
  if [ $status = 124 ] && [ "$(grep -c . "$run/stats.jsonl")" -ge 4 ]; then
    echo "stopped after $room s"
    status=0
  fi
  [ $status = 0 ] || return $status
  cat "$run/stats.jsonl"
  cp "$(find "$run/samples" -name '*.png' | sort -V | tail -n 1)" "$build/check/train.png"
  rm -rf "$run"
}

# Whole steps beside PyTorch in the same precision and all its settings; the fastest counts (gpu_report.py).
stage_steps() {
  local case precision failed=0 torch seconds=5 cases=(dcgan64b128 cyclegan256 resnet256) precisions=(tf32 bf16) with=cuda
  [ "$device" = cuda ] || { cases=(dcgan16b2) precisions=(f32 bf16) seconds=0.01 with=cpu; }
  torch=$("$python" -c 'import torch; print(torch.cuda.is_available())' 2>/dev/null) || torch=none
  [ "$torch" != none ] || skip "$python has no PyTorch: nothing to compare with"
  [ "$with $torch" != "cuda False" ] || { skip "the PyTorch of $python cannot use the GPU: nothing to compare with"; torch=none; }
  for case in "${cases[@]}"; do
    for precision in "${precisions[@]}"; do
      within 60 "$build/bench_steps" "$case" --device "$device" --precision "$precision" --seconds "$seconds" || failed=1
      [ "$torch" != none ] || continue
      within 75 "$python" bench/peers/torch_steps.py "$case" --device "$with" --precision "$precision" --seconds "$seconds" \
        --every-setting || echo "torch_steps: $case in $precision: stopped or failed ($?); the lines before it count"
    done
  done
  return $failed
}

# All variants on a few layers, then the selected variants beside cuDNN and cuBLAS on all layers of the networks, then
# the memory-bound kernels. Each part has a time limit, so that a slow kernel costs only its own part.
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
    parts=("60 conv conv_transpose --problem n1h8w8c16k16r4s4u2p1 --variant all --dtype f32,3xtf32,tf32,bf16"
      "60 batch_norm leaky_relu --problem 2x4x4x16 --variant all --dtype f32,bf16"
      "60 dense --problem m20n24k32 --variant all --dtype f32,tf32,bf16")
    quick=()
  fi
  for part in "${parts[@]}"; do
    echo "== sumi-bench ${part#* }"
    # shellcheck disable=SC2086
    within "${part%% *}" "$build/sumi-bench" ${part#* } --device "$device" "${quick[@]}"
    status=$?
    if [ $status = 124 ]; then
      echo "stopped after ${part%% *} s"
    elif [ $status != 0 ]; then
      failed=1
    fi
  done
  return $failed
}

# The comparison of every family with the reference; the tools run in parallel, each with a time limit.
sanitize() {  # sanitize TOOL CASES
  within 270 compute-sanitizer --tool "$1" --error-exitcode 9 --print-limit 20 "$build/test_kernels" -tc="$2"
  local status=$?
  echo "sanitizer $1: $(case $status in 0) echo passed ;; 124) echo "no error in 270 s, not finished" ;; *) echo "FAILED ($status)" ;; esac)"
  [ $status = 0 ] || [ $status = 124 ]
}
stage_sanitizer() {
  local tool failed=0 scratch running=()
  local cases='*backends against the reference*,random: the same bits*,u8_to_float: cuts*,float_to_u8*,norm_running*'
  cases+=',*ladder: precisions*,*ladder: operands*,*ladder: convolution from*'
  if [ "$device" != cuda ]; then
    skip "compute-sanitizer needs a GPU; only the list of cases was looked at"
    "$build/test_kernels" -ltc -tc="$cases" | grep -c "against the reference" | grep -qv '^0$'
    return
  fi
  command -v compute-sanitizer >/dev/null || { skip "there is no compute-sanitizer"; return 0; }
  scratch=$(mktemp -d)
  for tool in memcheck racecheck initcheck synccheck; do
    sanitize "$tool" "$cases" >"$scratch/$tool" 2>&1 &
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

mkdir -p "$build/check"
build=$(cd "$build" && pwd)
describe >"$out/summary.txt"
cat "$out/summary.txt"
say() { echo "::: $*" | tee -a "$out/summary.txt"; }
# The inputs that a stage's result depends on.
fingerprint() {
  local program
  {
    cat bench/gpu_check.sh bench/peers/*.py
    for program in "${programs[@]}"; do cat "$build/$program" 2>/dev/null; done
  } | sha256sum
}

export build out device python
export -f configure_for_gpu packed one_step_as_on_cpu sanitize
failed=0 unfinished=0
for name in "$@"; do
  declare -F "stage_$name" >/dev/null || { echo "gpu_check: unknown stage '$name'" >&2; exit 2; }
  kept=$build/check/$name
  # The first line of the kept output: how the stage ended, and its fingerprint.
  before=never key=
  [ ! -f "$kept.ended" ] || read -r before key <"$kept.ended"
  if [ "$name" != build ] && [ "$key" = "$device $(fingerprint)" ] && { [ "$before" = passed ] || [ "$named" = 0 ]; }; then
    cp "$kept.txt" "$out/"
    say "$name: $before before$([ "$before" = passed ] || echo '; name it to run it again')"
    [ "$before" = passed ] || failed=1
    continue
  fi
  left=$((budget - SECONDS)) limit=$(limit_of "$name")
  if [ "$left" -lt "$(needs_of "$name")" ] && [ "$dry" != 1 ] || [ "$left" -lt 1 ]; then
    unfinished=1
    say "$name: not begun, for want of time"
    continue
  fi
  [ "$left" -le "$limit" ] || left=$limit
  rm -f "$kept.ended"
  start=$SECONDS
  export left
  export -f "stage_$name"
  # Arrays cannot be exported.
  timeout -k 10 "$left" bash -uo pipefail -c "programs=(${programs[*]}); stage_$name" >"$out/$name.txt" 2>&1
  status=$?
  if [ $status = 124 ] && [ "$left" -lt "$limit" ]; then
    unfinished=1
    say "$name: not finished, for want of time"
    continue
  fi
  if [ $status = 0 ]; then
    ended=passed
    say "$name: passed in $((SECONDS - start)) s"
  else
    ended=FAILED failed=1
    say "$name: FAILED after $((SECONDS - start)) s$([ $status = 124 ] && echo ' (out of time)')"
    tail -n 40 "$out/$name.txt"
  fi
  sed -n 's/^skipped: /  skipped: /p' "$out/$name.txt" | tee -a "$out/summary.txt"
  cp "$out/$name.txt" "$kept.txt"
  echo "$ended $device $(fingerprint)" >"$kept.ended"
  if [ "$name $ended" = "build FAILED" ]; then
    say "without a build there is nothing more to run"
    break
  fi
done
[ -f "$build/check/train.png" ] && cp "$build/check/train.png" "$out/"
"$python" bench/gpu_report.py "$out" >"$out/report.md" || echo "gpu_check: $python could not write report.md"
if [ "$failed" = 0 ] && [ "$unfinished" = 1 ]; then exit 4; fi
exit "$failed"
