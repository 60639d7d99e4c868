// Destinations of a product's results.
#pragma once

#include <cstdint>

#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

// One row of the result: element j goes to data[j], or as an f32 sum to partial[j], to be joined
// with other chunks later.
template <class T>
struct OutRow {
  T* data;
  float* partial;  // null: to data
  const T* bias;   // null: none
  bool add;

  __device__ float with_bias(int j, float sum) const {
    return bias ? sum + static_cast<float>(bias[j]) : sum;
  }
  // The value for data[j].
  __device__ T value(int j, float sum) const {
    sum = with_bias(j, sum);
    return T(add ? sum + static_cast<float>(data[j]) : sum);
  }
  __device__ void put(int j, float sum) const {
    if (partial)
      partial[j] = with_bias(j, sum);
    else
      data[j] = value(j, sum);
  }
  // Stores columns j to j + 3 at once. The address is a multiple of 4 elements.
  __device__ void put4(int j, const float4& v) const {
    if (partial)
      *reinterpret_cast<float4*>(partial + j) = {with_bias(j, v.x), with_bias(j + 1, v.y),
                                                 with_bias(j + 2, v.z), with_bias(j + 3, v.w)};
    else
      *reinterpret_cast<Four*>(data + j) = {value(j, v.x), value(j + 1, v.y), value(j + 2, v.z),
                                            value(j + 3, v.w)};
  }

 private:
  struct alignas(4 * sizeof(T)) Four {
    T of[4];
  };
};

// Returns true if rows that begin `stride` elements apart can use put4; `offset`: added to data
// later.
template <class T>
bool rows_take_four(const T* data, std::int64_t stride, std::int64_t offset = 0) {
  return reinterpret_cast<std::uintptr_t>(data) % (4 * sizeof(T)) == 0 && stride % 4 == 0 && offset % 4 == 0;
}

// Rows `stride` elements apart.
template <class T>
struct RowsOut {
  T* data;
  float* partial;
  const T* bias;
  int stride;
  bool add;
  bool fours;  // rows_take_four

  __device__ OutRow<T> row(int i) const {
    const std::int64_t at = std::int64_t{i} * stride;
    return {data + at, partial ? partial + at : nullptr, bias, add};
  }
};

}  // namespace sumi::kernels::cuda
