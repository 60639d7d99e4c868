// Adjacent elements of f32 or bf16 as floats, 16 bytes in one instruction.
#pragma once

#include <type_traits>

#include "kernels/base/dtype.h"
#include "kernels/cuda/device/vector.cuh"

namespace sumi::kernels::cuda {

// Two floats rounded to nearest even, `first` in the lower half, as in memory. One instruction on a
// GPU, where the rounding of bf16's constructor takes six for each. There every NaN becomes 0x7FFF;
// the constructor keeps its sign and upper bits.
__device__ inline unsigned bf16_pair(float first, float second) {
#ifdef __CUDA_ARCH__
  unsigned bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
  return bits;
#else
  return bf16(first).bits | static_cast<unsigned>(bf16(second).bits) << 16;
#endif
}

// `size` adjacent elements as floats: one, or one or more Vectors. The address of vectors is a
// multiple of 16.
template <class T, int size>
__device__ void load_floats(const T* from, float (&to)[size]) {
  if constexpr (size == 1) {
    to[0] = static_cast<float>(*from);
  } else {
    constexpr int step = Vector<T>::kSize;
    static_assert(size % step == 0);
    SUMI_UNROLL
    for (int i = 0; i < size; i += step) {
      const uint4 bits = *reinterpret_cast<const uint4*>(from + i);
      const unsigned words[4] = {bits.x, bits.y, bits.z, bits.w};
      SUMI_UNROLL
      for (int n = 0; n < 4; ++n) {
        if constexpr (std::is_same_v<T, float>) {
          to[i + n] = __uint_as_float(words[n]);
        } else {  // a bf16 is the upper half of a float: one instruction each
          to[i + 2 * n] = __uint_as_float(words[n] << 16);
          to[i + 2 * n + 1] = __uint_as_float(words[n] & 0xffff0000U);
        }
      }
    }
  }
}

// The inverse; rounds to nearest.
template <class T, int size>
__device__ void store_floats(const float (&from)[size], T* to) {
  if constexpr (size == 1) {
    if constexpr (std::is_same_v<T, float>)
      *to = from[0];
    else
      to->bits = static_cast<std::uint16_t>(bf16_pair(from[0], 0.0F));
  } else {
    constexpr int step = Vector<T>::kSize;
    static_assert(size % step == 0);
    SUMI_UNROLL
    for (int i = 0; i < size; i += step) {
      if constexpr (std::is_same_v<T, float>)
        *reinterpret_cast<float4*>(to + i) = float4{from[i], from[i + 1], from[i + 2], from[i + 3]};
      else
        *reinterpret_cast<uint4*>(to + i) =
            uint4{bf16_pair(from[i], from[i + 1]), bf16_pair(from[i + 2], from[i + 3]),
                  bf16_pair(from[i + 4], from[i + 5]), bf16_pair(from[i + 6], from[i + 7])};
    }
  }
}

// The same; adds to the stored elements if `add`.
template <class T, int size>
__device__ void store_floats(float (&from)[size], T* to, bool add) {
  if (add) {
    float before[size];
    load_floats(to, before);
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) from[n] += before[n];
  }
  store_floats(from, to);
}

}  // namespace sumi::kernels::cuda
