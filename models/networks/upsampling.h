// How a generator doubles height and width, by --upsample. A transposed convolution with stride 2
// applies a different number of filter weights to neighboring pixels, which causes checkerboard
// artifacts early in training. A resize and a convolution treat all pixels alike (Odena 2016).
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/options/options.h"

namespace sumi {

struct UpsampleOptions {
  std::string rule = "transpose";  // transpose, nearest, bilinear
  std::string place = "";          // appended to the name of a convolution that follows a resize: ".1"
  bool reflected = false;          // reflection padding instead of zeros

  bool resizes() const { return rule != "transpose"; }
  ResizeMode mode() const { return rule == "nearest" ? ResizeMode::nearest : ResizeMode::bilinear; }
};

// Doubling layers: a transposed convolution alone; or a resize, and a convolution between the same
// channels with the next smaller odd filter size (4x4: 3x3) and the remaining settings of the
// transposed one (bias, norm, activation, next_pad).
struct UpsampleLayers {
  std::unique_ptr<Upsample> resize;  // absent for a transposed convolution
  LayerSpec layer;
};
// `transposed` has stride 2 and holds all settings of the layer.
UpsampleLayers add_upsample_block(const LayerSpec& transposed, const UpsampleOptions& way);
void add_doubling(Sequential& to, const LayerSpec& transposed, const UpsampleOptions& way,
                  const TrainOptions& o);

}  // namespace sumi
