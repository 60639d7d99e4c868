// Source indices of padded tensors.
#pragma once

#include "kernels/cuda/index.cuh"
#include "kernels/pad.h"

namespace sumi::kernels::cuda {

// The input index i pixels after the first, or -1 where the border is zero.
__device__ inline std::int64_t pad_source(PadMode mode, std::int64_t i, std::int64_t size) {
  if (i >= 0 && i < size) return i;
  if (mode == PadMode::zero) return -1;
  if (mode == PadMode::replicate) return i < 0 ? 0 : size - 1;
  return i < 0 ? -i : 2 * (size - 1) - i;
}

// The index in x (of shape s) of element i of the padded tensor (of shape t), or -1 where the
// border is zero.
__device__ inline std::int64_t padded_from(const PadGeom& g, const Shape& s, const Shape& t, std::int64_t i) {
  const Shape at = index_at(t, i);
  const std::int64_t h = pad_source(g.mode, at.h - g.top, s.h), w = pad_source(g.mode, at.w - g.left, s.w);
  return h < 0 || w < 0 ? -1 : offset(s, at.n, h, w, at.c);
}

}  // namespace sumi::kernels::cuda
