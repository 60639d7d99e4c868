// Conversion of tensors in [-1, 1] to 8-bit images.
#pragma once

#include <vector>

#include "engine/image/image.h"
#include "engine/tensor.h"

namespace sumi {

// [n,h,w,c] with c 1, 3 or 4 -> n images. Clamps values to [-1, 1] and rounds them to the nearest
// of 256 levels; NaN becomes 0.
std::vector<Image8> to_images(const Tensor& pictures);

}  // namespace sumi
