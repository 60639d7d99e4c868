// Fields of pencil strokes: thresholds for a tone plane, so that strokes appear where it is dark.
#pragma once

#include <cstdint>

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// One layer of parallel strokes: noise smeared along a direction.
struct HatchLayer {
  float angle;         // degrees, counterclockwise from the x axis
  float length;        // of a stroke, pixels; at least 1
  float width;         // sigma of the noise before it is smeared, pixels
  std::uint32_t seed;  // of hash01
};

// Returns the field in the window whose upper left pixel is (left, top): values in 0..1, evenly
// distributed within a few percent. Each pixel is a weighted sum of noise along the stroke: about
// 2.5 `length` taps.
Plane hatching(int width, int height, const HatchLayer& layer, int left = 0, int top = 0);

}  // namespace sumi::stylize
