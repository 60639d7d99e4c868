// Keywords that only nvcc knows.
#pragma once

#include <cuda_runtime.h>

#ifdef SUMI_CUDA
#define SUMI_UNROLL _Pragma("unroll")
// Unrolls the next loop `count` times (a constant's name); 1 keeps it a loop.
#define SUMI_UNROLL_BY(count) SUMI_PRAGMA(unroll count)
#define SUMI_PRAGMA(text) _Pragma(#text)
#else
#define SUMI_UNROLL
#define SUMI_UNROLL_BY(count)
#endif
