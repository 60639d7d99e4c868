// How a generator doubles height and width, by --upsample. A transposed convolution with a stride of 2 gives neighboring pixels
// different numbers of its filter's weights, and draws a checkerboard before it has learned not to; a resize and a convolution
// treat all alike (Odena 2016).
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/options/options.h"

namespace sumi {

struct UpsampleOptions {
  std::string rule = "transpose";  // transpose, nearest, bilinear
  std::string place = "";          // appended to a convolution's name where it stands behind a resize: ".1"
  bool reflected = false;          // its border; else zeros

  bool resizes() const { return rule != "transpose"; }
  ResizeMode mode() const { return rule == "nearest" ? ResizeMode::nearest : ResizeMode::bilinear; }
};

// What doubles: a transposed convolution alone; or a resize, and a convolution between the same channels with the nearest odd
// filter that is not larger (4x4: 3x3) and what else the transposed one has (bias, norm, activation, next_pad).
struct UpsampleLayers {
  std::unique_ptr<Upsample> resize;  // absent before a transposed convolution
  LayerSpec layer;
};
// `transposed` has stride 2 and says all of itself.
UpsampleLayers add_upsample_block(const LayerSpec& transposed, const UpsampleOptions& way);
void add_doubling(Sequential& to, const LayerSpec& transposed, const UpsampleOptions& way,
                  const TrainOptions& o);

}  // namespace sumi
