// Resizing of h and w: one thread an output element at a time, as a sum of four weighted elements. The gradient
// is a gather: one thread owns one element of dx and adds, in the order of their positions, the outputs that read
// it, with the weights they read it with.
#include "kernels/resize.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/index.cuh"

namespace sumi::kernels::cuda {

// One axis: output i reads input `first` with weight 1 - t and `second` with weight t.
struct Tap {
  std::int64_t first, second;
  float t;
};

// `in` inputs become `out` outputs. Positions are computed in double, as on the CPU, so that the same two inputs
// are read.
struct Axis {
  ResizeGeom g;
  std::int64_t in, out;

  __device__ Tap tap(std::int64_t i) const {
    if (g.mode == ResizeMode::nearest) return {i * in / out, i * in / out, 0.0F};
    const double ratio = static_cast<double>(in) / static_cast<double>(out), at = static_cast<double>(i);
    double x = 0;
    if (g.coords == ResizeCoords::half_pixel) {
      x = (at + 0.5) * ratio - 0.5;
      if (x < 0) x = 0;
    } else if (g.coords == ResizeCoords::align_corners) {
      if (out > 1) x = at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
    } else {
      x = at * ratio;
    }
    const std::int64_t whole = static_cast<std::int64_t>(x);
    const std::int64_t first = whole < in - 1 ? whole : in - 1, second = first < in - 1 ? first + 1 : first;
    return {first, second, static_cast<float>(x - static_cast<double>(whole))};
  }

  // The weight with which output i reads input j.
  __device__ float weight(std::int64_t i, std::int64_t j) const {
    const Tap tap = this->tap(i);
    return (tap.first == j ? 1.0F - tap.t : 0.0F) + (tap.second == j ? tap.t : 0.0F);
  }

  // The first output whose second input is j or lies behind it: none before it reads j. Inputs never move back
  // as outputs move on, so this is a bisection.
  __device__ std::int64_t first_reader(std::int64_t j) const {
    std::int64_t low = 0, high = out;
    while (low < high) {
      const std::int64_t middle = (low + high) / 2;
      if (tap(middle).second < j) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
};

template <class T>
__global__ void resize_elements(Axis rows, Axis cols, Shape s, Shape t, std::int64_t count, const T* x,
                                T* y) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(t, i);
    const Tap v = rows.tap(at.h), u = cols.tap(at.w);
    float sum = 0;
    // What has no weight is not read: 0 times infinity would be NaN.
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

void resize(const Exec& e, const ResizeGeom& g, View x, MutView y) {
  const Shape s = x.shape, t = y.shape;
  dispatch_f32_bf16("resize", x.dtype, [&]<class T>() {
    launch(e, "resize", resize_elements<T>, {element_grid(y.count()), kElementBlock}, Axis{g, s.h, t.h},
           Axis{g, s.w, t.w}, s, t, y.count(), x.as<T>(), y.as<T>());
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
