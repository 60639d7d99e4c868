// The implementations that kernels/cuda/conv.cu chooses from: host functions that launch, one file each in this
// directory. f32 and bf16; sums are kept in f32 and rounded once.
#pragma once

#include "kernels/conv.h"

namespace sumi::kernels::cuda {

ConvFprop naive_fprop;
ConvDgrad naive_dgrad;
ConvWgrad naive_wgrad;

}  // namespace sumi::kernels::cuda
