// Sums over a warp and over a block, in a fixed order.
#pragma once

#include "kernels/cuda/device/shared.cuh"

namespace sumi::kernels::cuda {

inline constexpr unsigned kWholeWarp = 0xffffffffU;

// Returns the sum over the 32 lanes, to every lane. All lanes must call it.
template <class T>
__device__ T warp_sum(T value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(kWholeWarp, value, distance);
  return value;
}

template <class T>
struct BlockSums {
  T of_warp[32];
};

// Returns the sum over all threads of a one-dimensional block of whole warps, to every thread. All
// threads must call it; it may be called again immediately.
template <class T>
__device__ T block_sum(T value) {
  auto& shared = block_shared<BlockSums<T>>();
  const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  value = warp_sum(value);
  __syncthreads();  // the sums of an earlier call have been read
  if (lane == 0) shared.of_warp[warp] = value;
  __syncthreads();
  T total = 0;
  for (unsigned w = 0; w < blockDim.x / 32; ++w) total += shared.of_warp[w];
  return total;
}

}  // namespace sumi::kernels::cuda
