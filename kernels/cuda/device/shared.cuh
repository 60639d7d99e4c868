// Shared memory of a block.
#pragma once

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// The block's one object of type T, not constructed. T is a struct of arrays of at most 48 KiB.
// Every thread must call it. Reading memory that no thread has written is undefined (NaN in the
// emulation), and a __syncthreads() must separate one thread's write from another's read.
template <class T>
__device__ T& block_shared() {
#ifdef SUMI_CUDA
  __shared__ __align__(16) unsigned char memory[sizeof(T)];
  return *reinterpret_cast<T*>(memory);
#else
  static const char key = 0;
  return *static_cast<T*>(emu::block_shared(sizeof(T), alignof(T) > 16 ? alignof(T) : 16, &key));
#endif
}

}  // namespace sumi::kernels::cuda
