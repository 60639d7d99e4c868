// The image, row and column of a pixel, without an integer division.
#pragma once

#include "kernels/base/check.h"
#include "kernels/base/shape.h"
#include "kernels/cuda/device/columns.cuh"
#include "kernels/cuda/device/divisor.cuh"

namespace sumi::kernels::cuda {

struct Pixel {
  int n, h, w;
};

// Decomposes the position of a pixel in [n, h, w], below 2^31.
class Pixels {
 public:
  // Throws Error naming the kernel if the tensor has 2^31 pixels or more.
  Pixels(const char* kernel, const Shape& s) : rows_(s.h), columns_(s.w) {
    if (s.n * s.h * s.w >= (std::int64_t{1} << 31) - kColumnBlock)
      fail(kernel, "a tensor of 2^31 pixels or more, " + s.str() + "; use a smaller batch or image");
  }

  __device__ Pixel at(int pixel) const {
    const Divisor::Result row = columns_(pixel), image = rows_(row.quotient);
    return {image.quotient, image.rest, row.rest};
  }

 private:
  Divisor rows_, columns_;
};

}  // namespace sumi::kernels::cuda
