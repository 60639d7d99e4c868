// The ladder: the CUDA kernels that compute the same thing in several ways, from the one to read first to the fastest
// (docs/kernels.md). Which runs is a rule on shape, dtype and precision, never a measurement, so the same call gives the
// same bits every time; Exec::variant asks for another, for tests and benchmarks.
#pragma once

#include <vector>

#include "kernels/activation.h"
#include "kernels/conv.h"
#include "kernels/gemm.h"
#include "kernels/norm.h"

namespace sumi::kernels::cuda {

struct VariantInfo {
  const char* name;    // what Exec::variant takes: "implicit_gemm"
  const char* change;  // what changed from the rung below, and why it should be faster: one line
  bool fits;           // can compute the problem that was asked about
  bool chosen;         // runs when nobody asks for another
};

// All variants of an operation, the lowest rung first, for operands whose addresses are multiples of 16 bytes.
// `multiply` counts for f32 only; automatic is tf32. A transposed convolution's three computations are listed by the
// direction of the geometry that they share: conv_transpose_fprop is dgrad.
std::vector<VariantInfo> conv_variants(ConvDirection, const ConvGeom&, DType,
                                       MatmulPrecision = MatmulPrecision::automatic);
std::vector<VariantInfo> gemm_variants(const GemmGeom&, DType, MatmulPrecision = MatmulPrecision::automatic);
std::vector<VariantInfo> norm_stats_variants(const NormGeom&, DType);
// Every function of Unary; LeakyReLU is one of them.
std::vector<VariantInfo> unary_variants(std::int64_t count, DType);
std::vector<VariantInfo> unary_grad_variants(std::int64_t count, DType);

}  // namespace sumi::kernels::cuda
