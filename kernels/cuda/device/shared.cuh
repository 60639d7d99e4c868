// Memory that the threads of a block share.
#pragma once

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// The block's one object of type T, not constructed: T is a struct of arrays, at most 48 KiB. Every
// thread calls it. What is read before a thread has written it is undefined (NaN in the emulation),
// and a __syncthreads() must lie between one thread's write and another's read.
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
