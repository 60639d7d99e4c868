#!/usr/bin/env bash
# Trains a DCGAN on comic heads, then draws new ones. Minutes on two cores. Run it again at any time: a finished run is
# kept, an interrupted one goes on where it stopped. SUMI_DEMO_STEPS and SUMI_DEMO_RUN change its length and its folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
preset=${SUMI_PRESET:-release}
run=${SUMI_DEMO_RUN:-runs/demo}
steps=${SUMI_DEMO_STEPS:-5520}
sumi=build/$preset/sumi

say() { printf '\n== %s\n' "$*"; }
latest_step() {  # the step of the newest checkpoint, or -1
  local file step best=-1
  for file in "$run"/checkpoints/*.safetensors; do
    step=$(basename "$file" .safetensors)
    [[ $step =~ ^[0-9]+$ ]] && ((10#$step > best)) && best=$((10#$step))
  done
  echo "$best"
}

say "1/4 packages"
third_party/install.sh build run

say "2/4 build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" -DSUMI_TESTS=OFF >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
cmake --build --preset "$preset" --target sumi --parallel "$(nproc)"

say "3/4 training: comic heads, 32x32, $steps steps (Ctrl-C stops and saves; ./demo.sh goes on)"
step=$(latest_step)
if ((step >= steps)); then
  echo "already trained for $step steps in $run (for a new run, remove that folder)"
elif ((step >= 0)); then
  "$sumi" train --resume "$run" --steps "$steps"
else
  "$sumi" train dcgan --data samples/characters/lorelei --outdir "$run" --size 32 --ngf 32 --ndf 16 \
    --batch-size 32 --steps "$steps" --lr-policy linear --epochs 60 --epochs-decay 60 --ema 0.998 \
    --sample-every 250 --save-every 250 --seed 1
fi
if (($(latest_step) < steps)); then
  echo "stopped at step $(latest_step) of $steps; ./demo.sh goes on from there"
  exit 130
fi

say "4/4 drawing"
"$sumi" generate -m "$run" -n 64 --seed 7 --scale 3 -o "$run/sheet.png"
"$sumi" generate -m "$run" -n 5 --interpolate 10 --seed 7 --scale 2 -o "$run/walk.png"

say "look at
   $run/sheet.png     64 heads that nobody drew
   $run/walk.png      a smooth walk from head to head
   $run/samples/      the same noise, step after step: how it learned
   $run/              losses, log and checkpoints"
