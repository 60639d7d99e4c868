#!/usr/bin/env bash
# The threads of engine/image and engine/data (decoding, the cache, batches, files) under ThreadSanitizer: builds only them and their tests, and runs
# these until they have run SUMI_ROUNDS times (default 3). A few minutes; not in CI, which runs the same tests without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake --preset tsan >/dev/null
cmake --build --preset tsan --parallel "${SUMI_JOBS:-1}" --target test_threads
for _ in $(seq "${SUMI_ROUNDS:-3}"); do
  TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/tests/reliability/tsan.supp ${TSAN_OPTIONS:-}" build/tsan/test_threads
done
