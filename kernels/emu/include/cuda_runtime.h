// Replaces the toolkit's <cuda_runtime.h> where a .cu file is compiled by a plain C++ compiler. It
// provides the parts of CUDA 12 and 13 that sumi uses, under CUDA's names: a kernel cannot tell the
// two apart.
#pragma once

// Every function is a host function here. __shared__ is missing on purpose: see block_shared() in
// kernels/cuda/device/shared.cuh.
#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

#include "kernels/emu/include/cuda_api.h"
#include "kernels/emu/include/cuda_atomics.h"
#include "kernels/emu/include/cuda_device_math.h"
#include "kernels/emu/include/cuda_vector_types.h"
#include "kernels/emu/include/cuda_warp.h"
