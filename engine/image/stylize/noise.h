// Grain: functions of the place, so that they are the same in any tile.
#pragma once

#include <cstdint>

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// hash01 (engine/image/stylize/math.h) of the pixels of the window whose upper left one is (left,
// top).
Plane white_noise(int width, int height, std::uint32_t seed, int left = 0, int top = 0);

// White noise about 0, blurred, of deviation 1.
Plane smooth_noise(int width, int height, float sigma, std::uint32_t seed, int left = 0, int top = 0);

// Grain of paper, about -1 to 1: three octaves of blurred noise, for images of scale s
// (side_scale).
Plane paper(int width, int height, float s, std::uint32_t seed = 1, int left = 0, int top = 0);

}  // namespace sumi::stylize
