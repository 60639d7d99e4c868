// Gradients, and the directions in which an image's lines run.
#pragma once

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

struct Gradient {
  Plane x, y;
};
// By Scharr's operator over 32: the change from pixel to pixel.
Gradient gradient(const Plane& x);
// Its length.
Plane gradient_length(const Plane& x);

struct Flow {
  Plane x, y;       // unit tangent; its sign means nothing
  Plane coherence;  // 0: no direction, 1: one direction; empty unless asked for
};
struct FlowOptions {
  float sigma = 2.2F, wide_sigma = 7.0F, wide_weight = 0.08F;  // pixels at scale 1
  bool coherence = false;
};
// From the structure tensor, smoothed; the wide one with its small weight fills in directions where
// the narrow one has none.
Flow tensor_flow(const Plane& x, float s, const FlowOptions& options = {});

}  // namespace sumi::stylize
