#!/usr/bin/env bash
# Tests the threads of engine/image and engine/data (decoding, cache, batches, files) under ThreadSanitizer. Builds only
# these tests and runs them SUMI_ROUNDS times (default 3). Takes a few minutes; CI runs the same tests without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake --preset tsan >/dev/null
cmake --build --preset tsan --parallel "${SUMI_JOBS:-1}" --target test_threads
for _ in $(seq "${SUMI_ROUNDS:-3}"); do
  TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/tests/reliability/tsan.supp ${TSAN_OPTIONS:-}" build/tsan/test_threads
done
