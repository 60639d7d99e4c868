// Resizing of h and w, one thread per output element, as a sum of four weighted elements; a border
// element recomputes the one that it copies. The gradient is a gather: one thread owns one element
// of dx and adds, in the order of their positions, the outputs that read it, with their weights.
#include "kernels/resize.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/index.cuh"
#include "kernels/cuda/pad.cuh"
#include "kernels/cuda/taps.cuh"

namespace sumi::kernels::cuda {

template <class T>
__global__ void resize_elements(Axis rows, Axis cols, PadGeom pad, Shape s, Shape t, std::int64_t count,
                                const T* x, T* y) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(t, i);
    const std::int64_t row = pad_source(pad.mode, at.h - pad.top, rows.out),
                       col = pad_source(pad.mode, at.w - pad.left, cols.out);
    if (row < 0 || col < 0) {
      y[i] = T(0.0F);
      return;
    }
    const Tap v = rows.tap(row), u = cols.tap(col);
    float sum = 0;
    // Inputs with weight 0 are not read: 0 times infinity would be NaN.
    const auto add = [&](std::int64_t h, std::int64_t w, float weight) {
      if (weight != 0.0F) sum += weight * static_cast<float>(x[offset(s, at.n, h, w, at.c)]);
    };
    add(v.first, u.first, (1.0F - v.t) * (1.0F - u.t));
    add(v.first, u.second, (1.0F - v.t) * u.t);
    add(v.second, u.first, v.t * (1.0F - u.t));
    add(v.second, u.second, v.t * u.t);
    y[i] = T(sum);
  });
}

template <class T>
__global__ void resize_grad_elements(Axis rows, Axis cols, Shape s, Shape t, std::int64_t count, const T* dy,
                                     T* dx, bool add) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(s, i);
    const std::int64_t first_col = cols.first_reader(at.w);
    float sum = 0;
    for (std::int64_t h = rows.first_reader(at.h); h < t.h && rows.tap(h).first <= at.h; ++h) {
      const float row_weight = rows.weight(h, at.h);
      if (row_weight == 0.0F) continue;
      for (std::int64_t w = first_col; w < t.w && cols.tap(w).first <= at.w; ++w) {
        const float weight = row_weight * cols.weight(w, at.w);
        if (weight != 0.0F) sum += weight * static_cast<float>(dy[offset(t, at.n, h, w, at.c)]);
      }
    }
    store(dx[i], sum, add);
  });
}

void resize(const Exec& e, const ResizeGeom& g, View x, const PadGeom& pad, MutView y) {
  const Shape s = x.shape, t = y.shape, inner = pad.inside(t);
  dispatch_f32_bf16("resize", x.dtype, [&]<class T>() {
    launch(e, "resize", resize_elements<T>, {element_grid(y.count()), kElementBlock}, Axis{g, s.h, inner.h},
           Axis{g, s.w, inner.w}, pad, s, t, y.count(), x.as<T>(), y.as<T>());
  });
}

void resize_grad(const Exec& e, const ResizeGeom& g, View dy, MutView dx, Write write) {
  const Shape s = dx.shape, t = dy.shape;
  dispatch_f32_bf16("resize_grad", dx.dtype, [&]<class T>() {
    launch(e, "resize_grad", resize_grad_elements<T>, {element_grid(dx.count()), kElementBlock},
           Axis{g, s.h, t.h}, Axis{g, s.w, t.w}, s, t, dx.count(), dy.as<T>(), dx.as<T>(),
           write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
