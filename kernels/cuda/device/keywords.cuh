// Keywords that only nvcc knows.
#pragma once

#include <cuda_runtime.h>

#ifdef SUMI_CUDA
#define SUMI_UNROLL _Pragma("unroll")
#else
#define SUMI_UNROLL
#endif
