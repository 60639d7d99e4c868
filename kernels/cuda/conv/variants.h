// The implementations that kernels/cuda/conv.cu selects from: host functions that launch kernels,
// one file each in this directory. f32 and bf16; sums are kept in f32 and rounded once.
#pragma once

#include "kernels/conv.h"

namespace sumi::kernels::cuda {

ConvFprop naive_fprop, tiled_fprop, implicit_gemm_fprop, mma_fprop;
ConvDgrad naive_dgrad, tiled_dgrad, implicit_gemm_dgrad, mma_dgrad;
ConvWgrad naive_wgrad, tiled_wgrad, implicit_gemm_wgrad, mma_wgrad;

// Limits of the variants that view the convolution as a matrix product (product.cuh).
inline constexpr int kMaxStride = 4;  // of a Dgrad: its phases are a kernel's argument

// Returns true if 31-bit indices reach every element and there are few enough phases.
inline bool fits_product(const ConvGeom& g) {
  // tiles extend slightly beyond the end
  const std::int64_t most = (std::int64_t{1} << 31) - (1 << 16);
  const std::int64_t far = 1 << 28;  // Gather's "outside" is beyond this
  return g.x_shape().count() < most && g.y_shape().count() < most && g.w_shape().count() < most &&
         g.n * g.p * g.q < most && g.h + g.o.pad_top + g.o.pad_bottom + g.r * g.o.dilation < far &&
         g.w + g.o.pad_left + g.o.pad_right + g.s * g.o.dilation < far && g.o.stride <= kMaxStride &&
         g.o.groups <= 4000;  // parts are gridDim.z
}

}  // namespace sumi::kernels::cuda
