// 16 bytes of elements at a time: 4 f32 or 8 bf16 in one instruction.
#pragma once

#include <cstdint>

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

template <class T>
struct Vector {
  static constexpr int kSize = 16 / static_cast<int>(sizeof(T));
  T of[kSize];

  // The address is a multiple of 16.
  __device__ static Vector load(const T* from) {
    const uint4 bits = *reinterpret_cast<const uint4*>(from);
    Vector v;
    __builtin_memcpy(&v, &bits, 16);
    return v;
  }
  __device__ void store(T* to) const {
    uint4 bits;
    __builtin_memcpy(&bits, this, 16);
    *reinterpret_cast<uint4*>(to) = bits;
  }
};

}  // namespace sumi::kernels::cuda
