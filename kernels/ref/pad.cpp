// Padding: the source of each padded pixel, and the adjoint, which adds it back there.
#include "kernels/pad.h"

#include <algorithm>
#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// The index of the source pixel, of `size`, that is `i` pixels after the first; -1: none, the pixel
// is zero.
std::int64_t source(PadMode mode, std::int64_t i, std::int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case PadMode::zero:
      return -1;
    case PadMode::reflect:
      return i < 0 ? -i : 2 * (size - 1) - i;
    case PadMode::replicate:
      return std::clamp<std::int64_t>(i, 0, size - 1);
  }
  fail("pad", "no such mode");
}

// Calls f(index of the padded pixel, offset of its source or -1).
template <class F>
void for_each_pixel(const PadGeom& g, const Shape& x, F&& f) {
  for_each_index(g.padded(x), [&](const Shape& at) {
    const std::int64_t h = source(g.mode, at.h - g.top, x.h), w = source(g.mode, at.w - g.left, x.w);
    f(offset(g.padded(x), at), h < 0 || w < 0 ? -1 : offset(x, at.n, h, w, at.c));
  });
}

}  // namespace

void pad(const Exec&, const PadGeom& g, View x, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    T* ys = y.as<T>();
    for_each_pixel(g, x.shape, [&](std::int64_t to, std::int64_t from) {
      ys[to] = from < 0 ? static_cast<T>(0.0) : xs[from];
    });
  });
}

void pad_grad(const Exec&, const PadGeom& g, View dy, MutView dx, Write write) {
  dispatch(dy.dtype, [&]<class T>() {
    const T* dys = dy.as<T>();
    T* dxs = dx.as<T>();
    std::vector<double> sum(static_cast<std::size_t>(dx.count()));
    for_each_pixel(g, dx.shape, [&](std::int64_t from, std::int64_t to) {
      if (to >= 0) sum[to] += static_cast<double>(dys[from]);
    });
    for (std::int64_t i = 0; i < dx.count(); ++i) store(dxs[i], sum[i], write);
  });
}

}  // namespace sumi::kernels::ref
