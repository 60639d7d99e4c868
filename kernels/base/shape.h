// The size of a tensor: always four dimensions, always NHWC.
#pragma once

#include <cstdint>
#include <string>

namespace sumi {

// Activations are n x h x w x c. Weights are KRSC: n = filters, h x w = filter size, c = channels
// per group. A vector is 1x1x1xc, a matrix is rows x 1 x 1 x cols, a scalar 1x1x1x1. Dense,
// row-major, no strides.
struct Shape {
  std::int64_t n = 1, h = 1, w = 1, c = 1;

  std::int64_t count() const { return n * h * w * c; }
  std::int64_t operator[](int axis) const { return axis == 0 ? n : axis == 1 ? h : axis == 2 ? w : c; }
  std::int64_t& operator[](int axis) { return axis == 0 ? n : axis == 1 ? h : axis == 2 ? w : c; }
  bool operator==(const Shape&) const = default;

  // "16x64x64x3"
  std::string str() const {
    return std::to_string(n) + "x" + std::to_string(h) + "x" + std::to_string(w) + "x" + std::to_string(c);
  }

  static Shape vector(std::int64_t c) { return {1, 1, 1, c}; }
  static Shape matrix(std::int64_t rows, std::int64_t cols) { return {rows, 1, 1, cols}; }
  static Shape scalar() { return {1, 1, 1, 1}; }
};

// Returns true if each size of `small` is 1 or equals that of `big`, so that `small` can be
// broadcast to `big`.
inline bool broadcasts_to(const Shape& small, const Shape& big) {
  for (int i = 0; i < 4; ++i)
    if (small[i] != 1 && small[i] != big[i]) return false;
  return true;
}

}  // namespace sumi
