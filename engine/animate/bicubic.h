// Values between the pixels of a plane, by Catmull-Rom cubics (Keys 1981, a = -1/2).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "engine/image/stylize/math.h"
#include "engine/image/stylize/sample.h"

namespace sumi::animate {

// Four indices around a place; indices outside of [0, size) are those of the border.
struct CubicTaps {
  int index[4];
  std::array<float, 4> weight;

  CubicTaps(float place, int size) {
    const float last = static_cast<float>(size - 1), at = stylize::clamp(place, 0.0F, last);
    const float begin = std::floor(at);
    weight = stylize::cubic_weights(at - begin, -0.5F);
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
      const float weight =
          down.weight[static_cast<std::size_t>(j)] * across.weight[static_cast<std::size_t>(i)];
      for (int c = 0; c < Channels; ++c) result[c] += weight * static_cast<float>(pixel[c]);
    }
  }
}

}  // namespace sumi::animate
