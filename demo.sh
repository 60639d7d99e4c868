#!/usr/bin/env bash
# Trains a DCGAN that draws comic heads, and a CycleGAN that colors them in. Minutes on two cores. Run it again at any
# time: a finished run is kept, an interrupted one goes on where it stopped. SUMI_DEMO_STEPS (of each network) and
# SUMI_DEMO_RUN change its length and its folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
preset=${SUMI_PRESET:-release}
run=${SUMI_DEMO_RUN:-runs/demo}
heads_steps=${SUMI_DEMO_STEPS:-5520}
color_steps=${SUMI_DEMO_STEPS:-2000}
heads=$run color=$run-color
sumi=build/$preset/sumi
art=samples/characters

say() { printf '\n== %s\n' "$*"; }
latest_step() {  # latest_step RUN: the step of its newest checkpoint, or -1
  local file step best=-1
  for file in "$1"/checkpoints/*.safetensors; do
    step=$(basename "$file" .safetensors)
    [[ $step =~ ^[0-9]+$ ]] && ((10#$step > best)) && best=$((10#$step))
  done
  echo "$best"
}
train() {  # train RUN STEPS ARGUMENT...: from the beginning, or from where it stopped
  local run=$1 steps=$2 step
  shift 2
  step=$(latest_step "$run")
  if ((step >= steps)); then
    echo "already trained for $step steps in $run (for a new run, remove that folder)"
  elif ((step >= 0)); then
    "$sumi" train --resume "$run" --steps "$steps"
  else
    "$sumi" train "$@" --outdir "$run" --steps "$steps" --sample-every 250 --save-every 250 --seed 1
  fi
  if (($(latest_step "$run") < steps)); then
    echo "stopped at step $(latest_step "$run") of $steps; ./demo.sh goes on from there"
    exit 130
  fi
}

say "1/6 packages"
third_party/install.sh build run

say "2/6 build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" -DSUMI_TESTS=OFF >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
cmake --build --preset "$preset" --target sumi --parallel "$(nproc)"
ln -sfn "$sumi" sumi

say "3/6 training: comic heads, 32x32, $heads_steps steps (Ctrl-C stops and saves; ./demo.sh goes on)"
train "$heads" "$heads_steps" dcgan --data $art/lorelei --size 32 --ngf 32 --ndf 16 --batch-size 32 \
  --lr-policy linear --epochs 60 --epochs-decay 60 --ema 0.998

say "4/6 drawing heads"
"$sumi" generate -m "$heads" -n 64 --seed 7 --scale 3 -o "$heads/sheet.png"
"$sumi" generate -m "$heads" -n 5 --interpolate 10 --seed 7 --scale 2 -o "$heads/walk.png"

say "5/6 training: line drawings to colored ones and back, 64x64, $color_steps steps"
train "$color" "$color_steps" cyclegan --data-a $art/lorelei --data-b $art/openpeeps --load-size 70 --crop-size 64 \
  --ngf 16 --ndf 16 --n-blocks 3 --upsample bilinear --epochs 1 --epochs-decay 1 --ema 0.995

say "6/6 converting the first ten drawings"
"$sumi" convert -m "$color" -i $art/lorelei/000?.png -o "$color/converted" --compare h

say "look at
   $heads/sheet.png        64 heads that nobody drew
   $heads/walk.png         a smooth walk from head to head
   $heads/samples/         the same noise, step after step: how it learned
   $color/converted/      a drawing, and the same colored in
   $color/samples/        drawing, colored, and back; then the other direction. Minutes of training show how it
                               works, not how well: docs/gallery.md shows longer ones
   Losses, log and checkpoints lie beside them.
   ./sumi is the program: ./sumi --help, ./sumi train dcgan --help"
