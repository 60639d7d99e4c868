// Elementwise kernels: the launch configuration, and the loop over a thread's elements.
#pragma once

#include <cstdint>

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

inline constexpr unsigned kElementBlock = 256;

// Enough blocks for one element per thread, but no more than keep a large GPU busy; the loop covers
// the rest.
inline dim3 element_grid(std::int64_t count) {
  const std::int64_t blocks = (count + kElementBlock - 1) / kElementBlock;
  return dim3(static_cast<unsigned>(blocks < 4096 ? blocks : 4096));
}

// Calls f(i) for this thread's share of [0, count). Adjacent threads process adjacent elements.
template <class F>
__device__ void for_each_element(std::int64_t count, F&& f) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) f(i);
}

// to = value, or to += value, rounded once.
template <class T>
__device__ void store(T& to, float value, bool add) {
  to = T(add ? static_cast<float>(to) + value : value);
}

}  // namespace sumi::kernels::cuda
