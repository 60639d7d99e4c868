// Shared parts of the reference kernels: stores that overwrite or accumulate, loops over shapes,
// ranges of filter taps.
#pragma once

#include <cstdint>

#include "kernels/base/dispatch.h"
#include "kernels/base/exec.h"

namespace sumi::kernels::ref {

// Everything is computed in double and rounded once, here.
template <class T>
void store(T& to, double value, Write write) {
  to = static_cast<T>(write == Write::accumulate ? static_cast<double>(to) + value : value);
}

inline std::int64_t offset(const Shape& s, std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
  return ((n * s.h + h) * s.w + w) * s.c + c;
}
inline std::int64_t offset(const Shape& s, const Shape& at) {
  return offset(s, at.n, at.h, at.w, at.c);
}

// The offset of the corresponding element of an operand whose size-1 axes are repeated.
inline std::int64_t broadcast_offset(const Shape& s, const Shape& at) {
  return offset(s, s.n == 1 ? 0 : at.n, s.h == 1 ? 0 : at.h, s.w == 1 ? 0 : at.w, s.c == 1 ? 0 : at.c);
}

// Calls f(at) for every index of `s`, in memory order. `at` is an index, spelled as a Shape.
template <class F>
void for_each_index(const Shape& s, F&& f) {
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t h = 0; h < s.h; ++h)
      for (std::int64_t w = 0; w < s.w; ++w)
        for (std::int64_t c = 0; c < s.c; ++c) f(Shape{n, h, w, c});
}

struct Range {
  std::int64_t begin, end;
};

// The range of i in [0, count) for which start + i * step is in [0, size): the taps of a filter
// that meet the image, or the filter positions that put one tap on it.
inline Range steps_inside(std::int64_t start, std::int64_t step, std::int64_t size, std::int64_t count) {
  Range range{0, count};
  if (start < 0) range.begin = (-start + step - 1) / step;
  const std::int64_t last = size - 1 - start;
  const std::int64_t end = last < 0 ? 0 : last / step + 1;
  if (end < range.end) range.end = end;
  return range;
}

}  // namespace sumi::kernels::ref
