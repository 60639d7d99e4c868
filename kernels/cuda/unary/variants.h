// The implementations that kernels/cuda/activation.cu selects from, one file each in this
// directory.
#pragma once

#include "kernels/activation.h"

namespace sumi::kernels::cuda {

UnaryForward scalar_unary, vectorized_unary;
UnaryGrad scalar_unary_grad, vectorized_unary_grad;

}  // namespace sumi::kernels::cuda
