// Values between the pixels of a plane, by Catmull-Rom cubics (Keys 1981, a = -1/2).
#pragma once

#include <cmath>
#include <cstddef>

#include "engine/image/stylize/math.h"

namespace sumi::animate {

// Weights of the pixels at -1, 0, 1 and 2 for a place t in [0, 1) behind pixel 0. Their sum is 1;
// at t = 0 they are exactly 0, 1, 0, 0.
inline void cubic_weights(float t, float (&w)[4]) {
  const float t2 = t * t, t3 = t2 * t;
  w[0] = -0.5F * t3 + t2 - 0.5F * t;
  w[1] = 1.5F * t3 - 2.5F * t2 + 1.0F;
  w[2] = -1.5F * t3 + 2.0F * t2 + 0.5F * t;
  w[3] = 0.5F * t3 - 0.5F * t2;
}

// Four indices around a place; indices outside of [0, size) are those of the border.
struct CubicTaps {
  int index[4];
  float weight[4];

  CubicTaps(float place, int size) {
    const float last = static_cast<float>(size - 1), at = stylize::clamp(place, 0.0F, last);
    const float begin = std::floor(at);
    cubic_weights(at - begin, weight);
    for (int i = 0; i < 4; ++i) {
      const int k = static_cast<int>(begin) + i - 1;
      index[i] = k < 0 ? 0 : k >= size ? size - 1 : k;
    }
  }
};

// [height, width, Channels] at (x, y); the border is repeated.
template <int Channels, class Level>
void sample_cubic(const Level* data, int width, int height, float x, float y, float (&result)[Channels]) {
  const CubicTaps across(x, width), down(y, height);
  for (float& value : result) value = 0;
  for (int j = 0; j < 4; ++j) {
    const Level* row =
        data + static_cast<std::size_t>(down.index[j]) * static_cast<std::size_t>(width) * Channels;
    for (int i = 0; i < 4; ++i) {
      const Level* pixel = row + static_cast<std::size_t>(across.index[i]) * Channels;
      const float weight = down.weight[j] * across.weight[i];
      for (int c = 0; c < Channels; ++c) result[c] += weight * static_cast<float>(pixel[c]);
    }
  }
}

}  // namespace sumi::animate
