// The small image at which a network from noise starts, and how often it is doubled.
#pragma once

#include <string>

#include "models/options/options.h"

namespace sumi {

// Height and width of the smallest feature map [n,h,w,c] of a generator from noise, and of the last
// one of its discriminator. The images are 2^doublings times as large.
struct BaseSize {
  int height, width, doublings;
};

// The smallest map of images of o.size whose sides are 3 to 16: 4x4 for squares of 16, 32, 64, ...
// Throws Error named --size, with `model`, for sides above 256 and for images that would be doubled
// fewer than `least` times.
BaseSize base_size(const TrainOptions& o, const std::string& model, int least);

}  // namespace sumi
