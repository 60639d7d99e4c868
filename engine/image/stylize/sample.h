// Values of a plane between its pixels. Places outside are reflected about the outermost pixels;
// farther ones than the plane is large are clamped.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "engine/image/stylize/math.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Weights of the pixels -1, 0, 1 and 2 at the place t of the way from 0 to 1: cubic convolution
// with parameter a (Keys 1981; he derives -1/2).
inline std::array<float, 4> cubic_weights(float t, float a) {
  const float t2 = t * t, t3 = t2 * t;
  return {a * (t - 2 * t2 + t3), 1 - (a + 3) * t2 + (a + 2) * t3, -a * t + (2 * a + 3) * t2 - (a + 2) * t3,
          a * (t2 - t3)};
}

class Sampler {
 public:
  explicit Sampler(const Plane& x)
      : data_(x.data()),
        width_(x.width()),
        right_(static_cast<float>(x.width() - 1)),
        bottom_(static_cast<float>(x.height() - 1)),
        last_x_(x.width() > 1 ? x.width() - 2 : 0),
        last_y_(x.height() > 1 ? x.height() - 2 : 0),
        next_x_(x.width() > 1 ? 1 : 0),
        next_y_(x.height() > 1 ? x.width() : 0) {}

  // Between the four pixels around (x, y).
  float linear(float x, float y) const {
    const float u = inside(x, right_), v = inside(y, bottom_);
    const int i = least(static_cast<int>(u), last_x_), j = least(static_cast<int>(v), last_y_);
    const float fx = u - static_cast<float>(i), fy = v - static_cast<float>(j);
    const int at = j * width_ + i;
    const float top = mix(data_[at], data_[at + next_x_], fx);
    const float bottom = mix(data_[at + next_y_], data_[at + next_y_ + next_x_], fx);
    return mix(top, bottom, fy);
  }

  // Index of the pixel next to (x, y).
  int nearest(float x, float y) const {
    const int i = static_cast<int>(inside(x, right_) + 0.5F), j = static_cast<int>(inside(y, bottom_) + 0.5F);
    return j * width_ + i;
  }

 private:
  static float inside(float x, float last) {
    const float left = std::fabs(x);
    return clamp(last - std::fabs(last - left), 0.0F, last);
  }
  static int least(int a, int b) { return a < b ? a : b; }

  const float* data_;
  int width_;
  float right_, bottom_;
  int last_x_, last_y_, next_x_, next_y_;
};

}  // namespace sumi::stylize
