// From a stylizer's planes to layers (models/networks/comic_network.h).
#pragma once

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// channel (1 + scale) + shift in 0..1, in place.
void apply_affine(Plane& channel, const Plane& scale, const Plane& shift);

// strength sigmoid(gain (4 logit - 2)), at most 1.
Plane line_alpha(const Plane& logit, float gain, float strength);

// sum + share x, in place.
void add_share(Rgb& sum, const Rgb& x, float share);

// Black lines on white.
Rgb line_art(const Plane& line);

}  // namespace sumi::stylize
