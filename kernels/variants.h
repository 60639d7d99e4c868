// The optimization ladder: CUDA kernels that compute the same result in several ways, from the most
// readable to the fastest (docs/kernels.md). The variant that runs is a rule on shape, dtype and
// precision, never a measurement, so the same call produces the same bits every time. Exec::variant
// selects another, for tests and benchmarks.
#pragma once

#include <vector>

#include "kernels/activation.h"
#include "kernels/conv.h"
#include "kernels/gemm.h"
#include "kernels/norm.h"

namespace sumi::kernels::cuda {

struct VariantInfo {
  const char* name;  // value for Exec::variant: "implicit_gemm"
  // what changed from the previous variant, and why it should be faster, in one line
  const char* change;
  bool fits;    // supports the given problem
  bool chosen;  // runs by default
};

// All variants of an operation, slowest first, for operands aligned to 16 bytes. `multiply` applies
// to f32 only; automatic is tf32. The three computations of a transposed convolution are listed by
// the direction of the geometry that they share: conv_transpose_fprop is dgrad.
std::vector<VariantInfo> conv_variants(ConvDirection, const ConvGeom&, DType,
                                       MatmulPrecision = MatmulPrecision::automatic);
std::vector<VariantInfo> gemm_variants(const GemmGeom&, DType, MatmulPrecision = MatmulPrecision::automatic);
std::vector<VariantInfo> norm_stats_variants(const NormGeom&, DType);
// The variants of every Unary function, LeakyReLU included.
std::vector<VariantInfo> unary_variants(std::int64_t count, DType);
std::vector<VariantInfo> unary_grad_variants(std::int64_t count, DType);

}  // namespace sumi::kernels::cuda
