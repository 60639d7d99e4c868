// The indices that kernels read. A file of its own, always compiled with -g: a debugger then knows
// their types even in kernels that do not use them.
#include "kernels/emu/include/cuda_warp.h"

uint3 threadIdx{}, blockIdx{};
dim3 blockDim, gridDim;
