// Between tensors in [-1, 1] and 8-bit pictures.
#pragma once

#include <vector>

#include "engine/image/image.h"
#include "engine/tensor.h"

namespace sumi {

// [n,h,w,c] with c 1 or 3 -> n pictures. Values are clamped to [-1, 1] and rounded to the nearest of 256
// levels; NaN is 0.
std::vector<Image8> to_images(const Tensor& pictures);

}  // namespace sumi
