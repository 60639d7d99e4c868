// Sums of whole pixels (runs of c channels), the inner loop of padding, pooling and resizing.
#pragma once

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

// acc[c] += weight * x[c]
template <class T>
inline void add_pixel(float* acc, const T* x, i64 c, float weight) {
  for (i64 i = 0; i < c; ++i) acc[i] += weight * static_cast<float>(x[i]);
}

// y[c] (+)= acc[c]
template <class T>
inline void put_pixel(T* y, const float* acc, i64 c, bool add) {
  if (add) {
    for (i64 i = 0; i < c; ++i) y[i] = T(static_cast<float>(y[i]) + acc[i]);
  } else {
    for (i64 i = 0; i < c; ++i) y[i] = T(acc[i]);
  }
}

// Each pixel of y (+)= what gather(n, h, w, acc) adds to a zeroed run of c floats.
template <class T, class Gather>
void gather_pixels(MutView y, bool add, i64 cost, const Gather& gather) {
  const Shape s = y.shape;
  T* to = y.as<T>();
  for_range(s.n * s.h * s.w, s.c * cost, [&, to, s](i64 begin, i64 end) {
    std::vector<float> acc(static_cast<std::size_t>(s.c));
    for (i64 i = begin; i < end; ++i) {
      std::fill(acc.begin(), acc.end(), 0.0F);
      gather(i / s.w / s.h, i / s.w % s.h, i % s.w, acc.data());
      put_pixel(to + i * s.c, acc.data(), s.c, add);
    }
  });
}

}  // namespace sumi::kernels::cpu
