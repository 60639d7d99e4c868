// Average and maximum pooling by their definitions.
#include "kernels/pool.h"

#include <cmath>
#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// Calls f(offset of x) for each element of the window of output `at`, in row-major order.
template <class F>
void for_each_in_window(const PoolGeom& g, const Shape& x, const Shape& at, F&& f) {
  for (std::int64_t r = 0; r < g.size; ++r)
    for (std::int64_t s = 0; s < g.size; ++s)
      f(offset(x, at.n, at.h * g.stride + r, at.w * g.stride + s, at.c));
}

// The position of the first maximum of the window; of the first NaN, if it has any.
template <class T>
std::int64_t first_maximum(const PoolGeom& g, const Shape& x, const T* xs, const Shape& at) {
  std::int64_t best = -1;
  for_each_in_window(g, x, at, [&](std::int64_t i) {
    if (best < 0) {
      best = i;
      return;
    }
    const auto value = static_cast<double>(xs[i]), top = static_cast<double>(xs[best]);
    if (!std::isnan(top) && (value > top || std::isnan(value))) best = i;
  });
  return best;
}

}  // namespace

void avg_pool(const Exec&, const PoolGeom& g, View x, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    T* ys = y.as<T>();
    for_each_index(y.shape, [&](const Shape& at) {
      double sum = 0;
      for_each_in_window(g, x.shape, at, [&](std::int64_t i) { sum += static_cast<double>(xs[i]); });
      ys[offset(y.shape, at)] = static_cast<T>(sum / (g.size * g.size));
    });
  });
}

void avg_pool_grad(const Exec&, const PoolGeom& g, View dy, MutView dx, Write write) {
  dispatch(dy.dtype, [&]<class T>() {
    const T* dys = dy.as<T>();
    T* dxs = dx.as<T>();
    std::vector<double> sum(static_cast<std::size_t>(dx.count()));
    for_each_index(dy.shape, [&](const Shape& at) {
      const double share = static_cast<double>(dys[offset(dy.shape, at)]) / (g.size * g.size);
      for_each_in_window(g, dx.shape, at, [&](std::int64_t i) { sum[i] += share; });
    });
    for (std::int64_t i = 0; i < dx.count(); ++i) store(dxs[i], sum[i], write);
  });
}

void max_pool_pick(const Exec&, const PoolGeom& g, View x, View v, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *vs = v.as<T>();
    T* ys = y.as<T>();
    for_each_index(y.shape,
                   [&](const Shape& at) { ys[offset(y.shape, at)] = vs[first_maximum(g, x.shape, xs, at)]; });
  });
}

void max_pool_grad(const Exec&, const PoolGeom& g, View x, View dy, MutView dx, Write write) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *dys = dy.as<T>();
    T* dxs = dx.as<T>();
    std::vector<double> sum(static_cast<std::size_t>(dx.count()));
    for_each_index(dy.shape, [&](const Shape& at) {
      sum[first_maximum(g, x.shape, xs, at)] += static_cast<double>(dys[offset(dy.shape, at)]);
    });
    for (std::int64_t i = 0; i < dx.count(); ++i) store(dxs[i], sum[i], write);
  });
}

}  // namespace sumi::kernels::ref
