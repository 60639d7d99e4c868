#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Arguments go to ctest: ./test.sh -R engine
# SUMI_PRESET chooses another preset of CMakePresets.json than "release".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
preset=${SUMI_PRESET:-release}

stage() {  # stage NAME COMMAND...: runs it and prints its seconds
  local name=$1 start=$SECONDS
  shift
  "$@"
  echo "== $name: $((SECONDS - start)) s"
}
quietly() {  # prints a command's output only if it fails
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
