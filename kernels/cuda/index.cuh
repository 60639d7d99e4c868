// Conversions between the index and the offset of a tensor's element.
#pragma once

#include "kernels/base/shape.h"
#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

__device__ inline std::int64_t offset(const Shape& s, std::int64_t n, std::int64_t h, std::int64_t w,
                                      std::int64_t c) {
  return ((n * s.h + h) * s.w + w) * s.c + c;
}

// The index, spelled as a Shape, of the element at offset i. The inverse of offset().
__device__ inline Shape index_at(const Shape& s, std::int64_t i) {
  Shape at;
  at.c = i % s.c;
  i /= s.c;
  at.w = i % s.w;
  i /= s.w;
  at.h = i % s.h;
  at.n = i / s.h;
  return at;
}

}  // namespace sumi::kernels::cuda
