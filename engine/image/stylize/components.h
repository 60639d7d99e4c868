// Connected parts of a plane.
#pragma once

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Sets to 0 what is not within a pixel of a part of at least `area` pixels; a part is where x > threshold, connected by sides and
// corners. `weight`, where given, is what each pixel counts for. Exact in a tile with a halo of `area` pixels.
Plane drop_small(const Plane& x, double area, float threshold, const Plane* weight = nullptr);

}  // namespace sumi::stylize
