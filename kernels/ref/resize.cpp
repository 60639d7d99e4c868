// Resizing: each output pixel as a weighted sum of input pixels, and the adjoint, which scatters it
// with the same weights.
#include "kernels/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// Along one axis: (1 - weight) * first + weight * second.
struct ResizeTaps {
  std::int64_t first, second;
  double weight;
};

ResizeTaps taps(const ResizeGeom& g, std::int64_t i, std::int64_t in, std::int64_t out) {
  if (g.mode == ResizeMode::nearest) return {i * in / out, i * in / out, 0.0};
  const double ratio = static_cast<double>(in) / static_cast<double>(out);
  double at = 0;
  switch (g.coords) {
    case ResizeCoords::half_pixel:
      at = std::max(0.0, (static_cast<double>(i) + 0.5) * ratio - 0.5);
      break;
    case ResizeCoords::align_corners:
      at = out == 1 ? 0.0 : static_cast<double>(i * (in - 1)) / static_cast<double>(out - 1);
      break;
    case ResizeCoords::asymmetric:
      at = static_cast<double>(i) * ratio;
      break;
  }
  const std::int64_t first = std::min(static_cast<std::int64_t>(std::floor(at)), in - 1);
  return {first, std::min(first + 1, in - 1), at - static_cast<double>(first)};
}

// Calls f(offset in the large tensor, offset in the small one, weight) four times per output
// element.
template <class F>
void for_each_tap(const ResizeGeom& g, const Shape& x, const Shape& y, F&& f) {
  for_each_index(y, [&](const Shape& at) {
    const ResizeTaps h = taps(g, at.h, x.h, y.h), w = taps(g, at.w, x.w, y.w);
    const std::int64_t to = offset(y, at);
    f(to, offset(x, at.n, h.first, w.first, at.c), (1 - h.weight) * (1 - w.weight));
    f(to, offset(x, at.n, h.first, w.second, at.c), (1 - h.weight) * w.weight);
    f(to, offset(x, at.n, h.second, w.first, at.c), h.weight * (1 - w.weight));
    f(to, offset(x, at.n, h.second, w.second, at.c), h.weight * w.weight);
  });
}

}  // namespace

void resize(const Exec& e, const ResizeGeom& g, View x, const PadGeom& border, MutView y) {
  const Shape inner = border.inside(y.shape);
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    std::vector<double> sum(static_cast<std::size_t>(inner.count()));
    for_each_tap(g, x.shape, inner, [&](std::int64_t to, std::int64_t from, double weight) {
      if (weight != 0) sum[to] += weight * static_cast<double>(xs[from]);
    });
    const std::vector<T> resized(sum.begin(), sum.end());
    ref::pad(e, border, {resized.data(), y.dtype, inner, y.device, 0}, y);
  });
}

void resize_grad(const Exec&, const ResizeGeom& g, View dy, MutView dx, Write write) {
  dispatch(dy.dtype, [&]<class T>() {
    const T* dys = dy.as<T>();
    T* dxs = dx.as<T>();
    std::vector<double> sum(static_cast<std::size_t>(dx.count()));
    for_each_tap(g, dx.shape, dy.shape, [&](std::int64_t from, std::int64_t to, double weight) {
      if (weight != 0) sum[to] += weight * static_cast<double>(dys[from]);
    });
    for (std::int64_t i = 0; i < dx.count(); ++i) store(dxs[i], sum[i], write);
  });
}

}  // namespace sumi::kernels::ref
