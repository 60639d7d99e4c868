// The implementations that kernels/cuda/gemm.cu selects from: host functions that launch kernels,
// one file each in this directory. f32 and bf16; sums are kept in f32 and rounded once.
#pragma once

#include "kernels/gemm.h"

namespace sumi::kernels::cuda {

Gemm tiled_gemm;  // any product
// For products that fits_product() accepts:
Gemm register_blocked_f32_gemm, register_blocked_bf16_gemm;  // operands of one type
Gemm mma_bf16_gemm;                                          // bf16 operands
Gemm mma_tf32_gemm, mma_3xtf32_gemm;  // f32 operands, rounded to tf32 or to two of them

// Returns true if 31-bit indices reach every element of one matrix and there are few enough
// products for a grid's z dimension.
inline bool fits_product(const GemmGeom& g) {
  // tiles extend slightly beyond the end
  const std::int64_t most = (std::int64_t{1} << 31) - (1 << 16);
  return g.m * g.k < most && g.k * g.n < most && g.m * g.n < most && g.batch <= 60000;
}

}  // namespace sumi::kernels::cuda
