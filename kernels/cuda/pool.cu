// Average and maximum pooling, one thread per output element. Gradients are gathers: one thread
// owns one element of dx and adds, in the order of their positions, the contributions of the
// windows that contain it.
#include "kernels/pool.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/index.cuh"

namespace sumi::kernels::cuda {

// The windows [first, last] along one axis that contain index i.
struct Windows {
  std::int64_t first, last;

  __device__ Windows(const PoolGeom& g, std::int64_t i, std::int64_t count)
      : first(i < g.size ? 0 : (i - g.size) / g.stride + 1),
        last(i / g.stride < count ? i / g.stride : count - 1) {}
};

// The offset in x of the first maximum of the window of output (p, q), in row-major order; of its
// first NaN, if it has any.
template <class T>
__device__ std::int64_t first_maximum(const PoolGeom& g, const Shape& s, const T* x, std::int64_t n,
                                      std::int64_t p, std::int64_t q, std::int64_t c) {
  std::int64_t best = offset(s, n, p * g.stride, q * g.stride, c);
  auto top = static_cast<float>(x[best]);
  for (int i = 0; i < g.size; ++i)
    for (int j = 0; j < g.size; ++j) {
      const std::int64_t at = offset(s, n, p * g.stride + i, q * g.stride + j, c);
      const auto value = static_cast<float>(x[at]);
      if (value > top || (value != value && top == top)) {
        best = at;
        top = value;
      }
    }
  return best;
}

// The sum of f(p, q) over the windows that contain the element `at`, in the order of their
// positions.
template <class F>
__device__ float sum_of_windows(const PoolGeom& g, const Shape& at, const Shape& pooled, F&& f) {
  const Windows rows(g, at.h, pooled.h), cols(g, at.w, pooled.w);
  float sum = 0;
  for (std::int64_t p = rows.first; p <= rows.last; ++p)
    for (std::int64_t q = cols.first; q <= cols.last; ++q) sum += f(p, q);
  return sum;
}

template <class T>
__global__ void avg_pool_elements(PoolGeom g, Shape s, Shape t, std::int64_t count, const T* x, T* y) {
  const float weight = 1.0F / static_cast<float>(g.size * g.size);
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(t, i);
    float sum = 0;
    for (int r = 0; r < g.size; ++r)
      for (int q = 0; q < g.size; ++q)
        sum += static_cast<float>(x[offset(s, at.n, at.h * g.stride + r, at.w * g.stride + q, at.c)]);
    y[i] = T(weight * sum);
  });
}

template <class T>
__global__ void avg_pool_grad_elements(PoolGeom g, Shape s, Shape t, std::int64_t count, const T* dy, T* dx,
                                       bool add) {
  const float weight = 1.0F / static_cast<float>(g.size * g.size);
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(s, i);
    const float sum = sum_of_windows(g, at, t, [&](std::int64_t p, std::int64_t q) {
      return static_cast<float>(dy[offset(t, at.n, p, q, at.c)]);
    });
    store(dx[i], weight * sum, add);
  });
}

template <class T>
__global__ void max_pool_pick_elements(PoolGeom g, Shape s, Shape t, std::int64_t count, const T* x,
                                       const T* v, T* y) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(t, i);
    y[i] = v[first_maximum(g, s, x, at.n, at.h, at.w, at.c)];
  });
}

// The maximum of a window is searched once for each of its elements: size * size times the reads,
// and no memory for positions.
template <class T>
__global__ void max_pool_grad_elements(PoolGeom g, Shape s, Shape t, std::int64_t count, const T* x,
                                       const T* dy, T* dx, bool add) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(s, i);
    const float sum = sum_of_windows(g, at, t, [&](std::int64_t p, std::int64_t q) {
      const bool here = first_maximum(g, s, x, at.n, p, q, at.c) == i;
      return here ? static_cast<float>(dy[offset(t, at.n, p, q, at.c)]) : 0.0F;
    });
    store(dx[i], sum, add);
  });
}

void avg_pool(const Exec& e, const PoolGeom& g, View x, MutView y) {
  dispatch_f32_bf16("avg_pool", x.dtype, [&]<class T>() {
    launch(e, "avg_pool", avg_pool_elements<T>, {element_grid(y.count()), kElementBlock}, g, x.shape, y.shape,
           y.count(), x.as<T>(), y.as<T>());
  });
}

void avg_pool_grad(const Exec& e, const PoolGeom& g, View dy, MutView dx, Write write) {
  dispatch_f32_bf16("avg_pool_grad", dx.dtype, [&]<class T>() {
    launch(e, "avg_pool_grad", avg_pool_grad_elements<T>, {element_grid(dx.count()), kElementBlock}, g,
           dx.shape, dy.shape, dx.count(), dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

void max_pool_pick(const Exec& e, const PoolGeom& g, View x, View v, MutView y) {
  dispatch_f32_bf16("max_pool", x.dtype, [&]<class T>() {
    launch(e, "max_pool", max_pool_pick_elements<T>, {element_grid(y.count()), kElementBlock}, g, x.shape,
           y.shape, y.count(), x.as<T>(), v.as<T>(), y.as<T>());
  });
}

void max_pool_grad(const Exec& e, const PoolGeom& g, View x, View dy, MutView dx, Write write) {
  dispatch_f32_bf16("max_pool_grad", dx.dtype, [&]<class T>() {
    launch(e, "max_pool_grad", max_pool_grad_elements<T>, {element_grid(dx.count()), kElementBlock}, g,
           x.shape, dy.shape, dx.count(), x.as<T>(), dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
