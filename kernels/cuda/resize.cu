// Resizing of h and w as a sum of four weighted vectors of channels; a border pixel recomputes the
// one that it copies. The gradient is a gather: one thread owns a vector of dx and adds, in the
// order of their positions, the outputs that read it, with their weights. A thread owns 16 bytes of
// channels of a pixel at a time; channels that are no multiple of a vector are processed one at a
// time by the same kernel.
#include "kernels/resize.h"

#include "kernels/base/launch.h"
#include "kernels/cuda/pad.cuh"
#include "kernels/cuda/rational_axis.cuh"
#include "kernels/cuda/rows.cuh"

namespace sumi::kernels::cuda {

// sum += weight x. Inputs with weight 0 are not read: 0 times infinity would be NaN.
template <class T, int size>
__device__ void add_weighted(float weight, const T* x, float (&sum)[size]) {
  if (weight == 0.0F) return;
  float value[size];
  load_floats(x, value);
  SUMI_UNROLL
  for (int n = 0; n < size; ++n) sum[n] += weight * value[n];
}

// k: y as [1, pixels, c / size]; pixels: of y; h, w: y's sizes without the border; x_h, x_w: those
// of x, which has fewer than 2^31 pixels.
template <class T, int size>
__global__ void resize_rows(RowChunks k, Pixels pixels, PadGeom pad, RationalAxis rows, RationalAxis cols,
                            int h, int w, int x_h, int x_w, const T* x, T* y) {
  const Slice slice(k);
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(slice.col) * size;
  for_each_pixel(k, slice, [&](int pixel) {
    const Pixel at = pixels.at(pixel);
    const int row = border_source(pad.mode, at.h - pad.top, h),
              col = border_source(pad.mode, at.w - pad.left, w);
    float sum[size] = {};
    if (row >= 0 && col >= 0) {
      const AxisTap v = rows.tap(row), u = cols.tap(col);
      const int above = (at.n * x_h + v.first) * x_w, below = (at.n * x_h + v.second) * x_w;
      const auto add = [&](float weight, int from) {
        add_weighted(weight, x + std::int64_t{from} * channels + channel, sum);
      };
      add((1.0F - v.t) * (1.0F - u.t), above + u.first);
      add((1.0F - v.t) * u.t, above + u.second);
      add(v.t * (1.0F - u.t), below + u.first);
      add(v.t * u.t, below + u.second);
    }
    store_floats(sum, y + std::int64_t{pixel} * channels + channel);
  });
}

// k: dx as [1, pixels, c / size]; pixels: of dx; t_h, t_w: sizes of dy, which has fewer
// than 2^31 pixels.
template <class T, int size>
__global__ void resize_grad_rows(RowChunks k, Pixels pixels, RationalAxis rows, RationalAxis cols, int t_h,
                                 int t_w, const T* dy, T* dx, bool add) {
  const Slice slice(k);
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(slice.col) * size;
  for_each_pixel(k, slice, [&](int pixel) {
    const Pixel at = pixels.at(pixel);
    const int first_col = cols.first_reader(at.w);
    float sum[size] = {};
    for (int h = rows.first_reader(at.h); h < t_h; ++h) {
      const AxisTap v = rows.tap(h);
      if (v.first > at.h) break;
      const float row_weight = rows.weight(v, at.h);
      if (row_weight == 0.0F) continue;
      for (int w = first_col; w < t_w; ++w) {
        const AxisTap u = cols.tap(w);
        if (u.first > at.w) break;
        add_weighted(row_weight * cols.weight(u, at.w),
                     dy + std::int64_t{(at.n * t_h + h) * t_w + w} * channels + channel, sum);
      }
    }
    store_floats(sum, dx + std::int64_t{pixel} * channels + channel, add);
  });
}

void resize(const Exec& e, const ResizeGeom& g, View x, const PadGeom& pad, MutView y) {
  const Shape s = x.shape, inner = pad.inside(y.shape);
  [[maybe_unused]] const Pixels fits("resize", s);
  dispatch_rows("resize", y, {x, y}, [&]<class T, int size>(const RowChunks& k) {
    launch(e, "resize", resize_rows<T, size>, {k.grid(), kColumnBlock}, k, Pixels("resize", y.shape), pad,
           RationalAxis("resize", g, s.h, inner.h), RationalAxis("resize", g, s.w, inner.w),
           static_cast<int>(inner.h), static_cast<int>(inner.w), static_cast<int>(s.h), static_cast<int>(s.w),
           x.as<T>(), y.as<T>());
  });
}

void resize_grad(const Exec& e, const ResizeGeom& g, View dy, MutView dx, Write write) {
  const Shape s = dx.shape, t = dy.shape;
  [[maybe_unused]] const Pixels fits("resize_grad", t);
  dispatch_rows("resize_grad", dx, {dy, dx}, [&]<class T, int size>(const RowChunks& k) {
    launch(e, "resize_grad", resize_grad_rows<T, size>, {k.grid(), kColumnBlock}, k, Pixels("resize_grad", s),
           RationalAxis("resize_grad", g, s.h, t.h), RationalAxis("resize_grad", g, s.w, t.w),
           static_cast<int>(t.h), static_cast<int>(t.w), dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
