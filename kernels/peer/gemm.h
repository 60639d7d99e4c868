// cuBLAS's matrix product with the signature of kernels/gemm.h, by cublasLt's first choice for the
// sizes, whose identifiers are logged to exec. f32 is multiplied as exec specifies.
#pragma once

#include "kernels/gemm.h"

namespace sumi::kernels::peer {

Gemm gemm;

}  // namespace sumi::kernels::peer
