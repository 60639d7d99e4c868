// The implementations that kernels/cuda/gemm.cu chooses from: host functions that launch, one file
// each in this directory. f32 and bf16; sums are kept in f32 and rounded once.
#pragma once

#include "kernels/gemm.h"

namespace sumi::kernels::cuda {

Gemm tiled_gemm;  // any product
// Products that fits_product takes:
Gemm register_blocked_f32_gemm, register_blocked_bf16_gemm;  // operands of one type
Gemm mma_bf16_gemm;                                          // bf16 operands
Gemm mma_tf32_gemm, mma_3xtf32_gemm;  // f32 operands, rounded to tf32 or to two of them

// Whether numbers of 31 bits reach every element of one matrix, and products are few enough for a
// grid's z.
inline bool fits_product(const GemmGeom& g) {
  // tiles reach a little beyond the end
  const std::int64_t most = (std::int64_t{1} << 31) - (1 << 16);
  return g.m * g.k < most && g.k * g.n < most && g.m * g.n < most && g.batch <= 60000;
}

}  // namespace sumi::kernels::cuda
