// The indices that kernels read. A separate file, always compiled with -g, so that a debugger knows
// their types even in kernels that do not use them.
#include "kernels/emu/include/cuda_warp.h"

uint3 threadIdx{}, blockIdx{};
dim3 blockDim, gridDim;
