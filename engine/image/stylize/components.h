// Connected parts of a plane.
#pragma once

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Sets pixels to 0 that are not within a pixel of a part of at least `area` pixels. A part consists
// of pixels above the threshold, connected by sides and corners. `weight`: area of each pixel.
// Exact in a tile with a halo of `area` pixels.
Plane drop_small(const Plane& x, double area, float threshold, const Plane* weight = nullptr);

}  // namespace sumi::stylize
