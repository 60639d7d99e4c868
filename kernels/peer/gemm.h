// cuBLAS's matrix product behind the signature of kernels/gemm.h, by cublasLt's first choice for
// the sizes, whose numbers exec's log gets. f32 is multiplied as exec says.
#pragma once

#include "kernels/gemm.h"

namespace sumi::kernels::peer {

Gemm gemm;

}  // namespace sumi::kernels::peer
