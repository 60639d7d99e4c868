#!/usr/bin/env bash
# Installs missing packages, builds, and runs all tests. Arguments are passed to ctest: ./test.sh -R engine
# SUMI_PRESET selects a preset of CMakePresets.json (default: release).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
preset=${SUMI_PRESET:-release}

stage() {  # stage NAME COMMAND...: runs the command and prints its duration
  local name=$1 start=$SECONDS
  shift
  "$@"
  echo "== $name: $((SECONDS - start)) s"
}
quietly() {  # prints the output of a command only if it fails
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

stage install third_party/install.sh build run test
stage configure quietly cmake --preset "$preset"
stage build cmake --build --preset "$preset" --parallel "$(nproc)"
[ "$preset" != release ] || ln -sfn "build/$preset/sumi" sumi

exec ctest --preset "$preset" --no-tests=error --parallel "$(nproc)" "$@"
