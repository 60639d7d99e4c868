// What sumi convert makes of each image: a style, a stylizer or another network.
#pragma once

#include <functional>

#include "engine/image/photo.h"
#include "engine/image/stylize/style.h"
#include "models/inference/discriminator_verdict.h"
#include "tools/convert_gate.h"

namespace sumi::cli {

struct PhotoFilter {
  // The image by the style or the network, at full strength. `holes` (or null) only if
  // `fills_holes`.
  std::function<Photo(const Photo& photo, const Photo* holes)> run;
  bool fills_holes = false;  // a mask says where the holes are; else it says where the result is laid
  bool finished = false;     // the result does not show the photo alone (--sheet): nothing is blended
  bool parallel = false;     // several threads may call it at a time
  stylize::ClipBlend clip = {};
  // How long an image takes, in seconds of one core of no particular machine: compares sizes.
  std::function<double(double width, double height)> work;
  // The gate of a model; empty for styles.
  std::function<GateAnswer(const Photo& photo)> gate;
  // --judge: empty if no verdict is wanted.
  std::function<Verdict(const Photo& photo, const Photo& result)> judge;
};

}  // namespace sumi::cli
