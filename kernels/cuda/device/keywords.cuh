// Keywords that only nvcc knows.
#pragma once

#include <cuda_runtime.h>

#ifdef SUMI_CUDA
#define SUMI_UNROLL _Pragma("unroll")
// The next loop's body, so many times (a constant's name): 1 is a loop.
#define SUMI_UNROLL_BY(count) SUMI_PRAGMA(unroll count)
#define SUMI_PRAGMA(text) _Pragma(#text)
#else
#define SUMI_UNROLL
#define SUMI_UNROLL_BY(count)
#endif
