// Blocks of pixels with three channels in planar order, for vectorized loops over pixels.
#pragma once

#include "kernels/color_space.h"
#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

constexpr i64 plane_width = 64;

struct Planes {
  float v[3][plane_width] = {};

  color::Triple<float> at(i64 i) const { return {{v[0][i], v[1][i], v[2][i]}}; }
  void put(i64 i, const color::Triple<float>& x) {
    for (int c = 0; c < 3; ++c) v[c][i] = x.v[c];
  }
  // The first `count` pixels; the others are unchanged.
  template <class T>
  void load(const T* from, i64 count) {
    if (count == plane_width) return load_all(from, plane_width);
    load_all(from, count);
  }
  template <class T>
  void store(i64 count, T* to) const {
    if (count == plane_width) return store_all(plane_width, to);
    store_all(count, to);
  }

 private:
  template <class T>
  void load_all(const T* from, i64 count) {
    for (i64 i = 0; i < count; ++i)
      for (int c = 0; c < 3; ++c) v[c][i] = static_cast<float>(from[3 * i + c]);
  }
  template <class T>
  void store_all(i64 count, T* to) const {
    for (i64 i = 0; i < count; ++i)
      for (int c = 0; c < 3; ++c) to[3 * i + c] = T(v[c][i]);
  }
};

}  // namespace sumi::kernels::cpu
