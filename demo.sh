#!/usr/bin/env bash
# Shows photographs in every style: the named ones, or those of samples/photos.
#
#   ./demo.sh [PHOTO ...]
#
# Colors line drawings with weights that ship. Trains two networks from scratch, each in minutes on
# two cores: a DCGAN that generates comic heads, and a network that stylizes the photographs. Ends
# with an animated drawing and a comic page. It can be run again at any time: a finished training is
# kept, an interrupted one resumes. Environment: SUMI_DEMO_STEPS (steps of each network),
# SUMI_DEMO_RUN (folder of the results).
set -euo pipefail
photos=()
for photo in "$@"; do
  [ -e "$photo" ] || { echo "demo.sh: there is no photograph $photo" >&2; exit 2; }
  photos+=("$(realpath "$photo")")
done
cd "$(dirname "${BASH_SOURCE[0]}")"
[ ${#photos[@]} -gt 0 ] || photos=(samples/photos)
preset=${SUMI_PRESET:-release}
run=${SUMI_DEMO_RUN:-runs/demo}
heads_steps=${SUMI_DEMO_STEPS:-5520}
style_steps=${SUMI_DEMO_STEPS:-600}
heads=$run style=$run-stylizer
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
train() {  # train RUN STEPS ARGUMENT...: from the beginning, or from the newest checkpoint
  local run=$1 steps=$2 step
  shift 2
  step=$(latest_step "$run")
  if ((step >= steps)); then
    echo "already trained for $step steps in $run (remove that folder for a new run)"
  elif ((step >= 0)); then
    "$sumi" train --resume "$run" --steps "$steps"
  else
    "$sumi" train "$@" --outdir "$run" --steps "$steps" --sample-every 250 --save-every 250 --seed 1
  fi
  if (($(latest_step "$run") < steps)); then
    echo "stopped at step $(latest_step "$run") of $steps; ./demo.sh resumes from there"
    exit 130
  fi
}

say "1/9 packages"
third_party/install.sh build run

say "2/9 build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" -DSUMI_TESTS=OFF >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
cmake --build --preset "$preset" --target sumi --parallel "$(nproc)"
ln -sfn "$sumi" sumi

say "3/9 photographs in every style"
"$sumi" convert --sheet -i "${photos[@]}" -o "$run-styles/" -f png

say "4/9 line drawings, colored by weights/characters"
"$sumi" convert -m characters -i samples/drawings -o "$run-comics/" -f png --compare h

say "5/9 training: comic heads, 32x32, $heads_steps steps (Ctrl-C stops and saves; ./demo.sh resumes)"
train "$heads" "$heads_steps" dcgan --data $art/lorelei --size 32 --ngf 32 --ndf 16 --batch-size 32 \
  --lr-policy linear --epochs 60 --epochs-decay 60 --ema 0.998
"$sumi" generate -m "$heads" -n 64 --seed 7 --scale 3 -o "$heads/sheet.png"
"$sumi" generate -m "$heads" -n 5 --interpolate 10 --seed 7 --scale 2 -o "$heads/walk.png"

say "6/9 training: a network for the styles ink and ukiyo, $style_steps steps"
train "$style" "$style_steps" stylizer --data-a samples/photos --style ink ukiyo --crop-size 96 --batch-size 4 --ema 0.99

say "7/9 photographs stylized by the network of stage 6"
for name in ink ukiyo; do
  "$sumi" convert -m "$style" -n $name -i "${photos[@]}" -o "$style/$name/" -f png --compare h
done

say "8/9 a photograph as an animated drawing: a slow zoom, and lines that are redrawn"
still=${photos[0]}
[ ! -d "$still" ] || still=$(find "$still" -name '*.jpg' | sort | sed -n 1p)
"$sumi" animate -i "$still" -o "$run-living.gif" --size 480 --seconds 3

say "9/9 a comic page of the photographs"
story=()
[ "${photos[*]}" != samples/photos ] || story=(--text samples/story.txt)
"$sumi" comic -i "${photos[@]}" -o "$run-page.png" --dpi 130 "${story[@]}"

say "look at
   $run-styles/              photographs in ink, manga, watercolor, pencil, halftone and woodblock print
   $run-comics/              line drawings beside their colored versions
   $heads/sheet.png              64 generated heads
   $heads/walk.png               interpolation between heads
   $heads/samples/               the same noise at increasing steps
   $style/ink/, $style/ukiyo/
                             photographs stylized by the network that was just trained
   $run-living.gif           one photograph as an animated drawing
   $run-page.png             a comic page: panels, captions, balloons
   $heads/report.html            curves, samples and warnings of the first training
   The training folders also hold losses, logs and checkpoints.
   ./sumi is the program: ./sumi --help, ./sumi train dcgan --help"
