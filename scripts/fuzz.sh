#!/usr/bin/env bash
# Builds the fuzz targets of tests/fuzz with clang and runs libFuzzer on each, from a fixed seed.
#
#   scripts/fuzz.sh TARGET|all [RUNS|SECONDSs] [libFuzzer's options]
#   scripts/fuzz.sh all 1000000            a million inputs each
#   scripts/fuzz.sh image   600s           ten minutes
#   scripts/fuzz.sh pack 1000 -seed=7
#
# Needs the packages of the group "fuzz" (third_party/install.sh fuzz). New inputs are kept in build/fuzz/found/TARGET,
# failing ones in build/fuzz/failed/TARGET-*: add those to tests/fuzz/corpus/TARGET when the bug is fixed. Exit code:
# 0 no failure, 1 a failure, 2 usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
targets=(checkpoint config h5 idx import ncnn pack pickle pth script image clip onnx)
usage() { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }

[ $# -ge 1 ] || usage
chosen=("$1")
[ "$1" = all ] && chosen=("${targets[@]}")
[[ " ${targets[*]} all " == *" $1 "* ]] || usage
amount=${2:-100000}
case "$amount" in
  *[!0-9]*s | s | '' ) usage ;;
  *s) limit=-max_total_time=${amount%s} ;;
  *[!0-9]*) usage ;;
  *) limit=-runs=$amount ;;
esac
shift $(($# > 1 ? 2 : 1))

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "${SUMI_FUZZ_JOBS:-$(nproc)}" --target "${chosen[@]/#/fuzz_}"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0 UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=1
export LSAN_OPTIONS=suppressions=$PWD/tests/fuzz/lsan.supp:print_suppressions=0
status=0
for target in "${chosen[@]}"; do
  found=build/fuzz/found/$target
  mkdir -p "$found" build/fuzz/failed
  start=$SECONDS
  # The checkpoint of a whole network is 30 KB; smaller files allow more mutations in the same time. An HDF5 file with two
  # layers has 12 KB, the nodes of a generator 40 KB.
  longest=8192
  case "$target" in h5) longest=16384 ;; onnx) longest=49152 ;; esac
  build/fuzz/fuzz_"$target" "$limit" -seed=1 -max_len=$longest -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
    -verbosity=1 -artifact_prefix=build/fuzz/failed/"$target"- "$@" "$found" tests/fuzz/corpus/"$target" \
    >build/fuzz/"$target".log 2>&1 || status=1
  grep -E 'cov: |ERROR|SUMMARY|not so|an error that' build/fuzz/"$target".log | tail -n 2 || true
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/"$target".log) inputs in" \
    "$((SECONDS - start)) s"
done
exit $status
