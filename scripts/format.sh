#!/usr/bin/env bash
# Formats every C++ and CUDA source with clang-format 14.
#
#   scripts/format.sh [--check | --self-test] [FILE...]
#
# --check changes nothing and exits 1 if a file is not formatted. --self-test checks that --check can fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tool=
for name in clang-format-14 clang-format; do
  if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
    tool=$name
    break
  fi
done
if [ -z "$tool" ]; then
  echo "format: clang-format 14 is missing (third_party/install.sh dev)" >&2
  exit 1
fi

mode=format
case "${1:-}" in
  --check) mode=check; shift ;;
  --self-test) mode=self-test; shift ;;
  -*) echo "format: unknown option $1" >&2; exit 2 ;;
esac

if [ "$mode" = self-test ]; then
  if printf 'int  f( ){return 1 ;}\n' | "$tool" --style=file --assume-filename=a.cpp --dry-run -Werror 2>/dev/null; then
    echo "format --self-test: an ill-formatted source passed" >&2
    exit 1
  fi
  printf 'int f();\n' | "$tool" --style=file --assume-filename=a.cpp --dry-run -Werror
  echo "format --self-test: 2 planted cases, all classified correctly"
  exit 0
fi

if [ $# -gt 0 ]; then
  files=("$@")
else
  mapfile -d '' files < <(git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cpp' '*.cu' '*.cuh')
fi
present=()
for file in "${files[@]}"; do
  [ -f "$file" ] && present+=("$file")
done
if [ "$mode" = check ]; then
  if ! "$tool" --style=file --dry-run -Werror --ferror-limit=3 "${present[@]}"; then
    echo "format: run scripts/format.sh" >&2
    exit 1
  fi
  echo "format: ${#present[@]} files are formatted"
else
  "$tool" --style=file -i "${present[@]}"
  echo "format: ${#present[@]} files formatted"
fi
