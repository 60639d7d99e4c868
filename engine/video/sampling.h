// Fields of values between their pixels.
#pragma once

#include <algorithm>
#include <cstddef>

namespace sumi::video {

// A place among the pixels of a field of width x height, both at least 2.
struct Place {
  std::size_t at;  // of the upper left of its four neighbors
  float u, v;      // of the way to the next column and row
  bool inside;     // else it is the nearest one that is
};

inline Place place_of(float x, float y, int width, int height) {
  const auto right = static_cast<float>(width - 1), bottom = static_cast<float>(height - 1);
  const bool inside = x >= 0 && y >= 0 && x <= right && y <= bottom;
  x = std::clamp(x, 0.0F, right);
  y = std::clamp(y, 0.0F, bottom);
  const int i = std::min(static_cast<int>(x), width - 2), j = std::min(static_cast<int>(y), height - 2);
  return {static_cast<std::size_t>(j) * static_cast<std::size_t>(width) + static_cast<std::size_t>(i),
          x - static_cast<float>(i), y - static_cast<float>(j), inside};
}

// Bilinear interpolation in field[height, width, channels].
template <class T>
float interpolate(const T* field, int width, const Place& p, std::size_t channels = 1,
                  std::size_t channel = 0) {
  const auto value = [&](std::size_t at) { return static_cast<float>(field[at * channels + channel]); };
  const std::size_t below = p.at + static_cast<std::size_t>(width);
  const float top = value(p.at) + p.u * (value(p.at + 1) - value(p.at));
  const float low = value(below) + p.u * (value(below + 1) - value(below));
  return top + p.v * (low - top);
}

}  // namespace sumi::video
