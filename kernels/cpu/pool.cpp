// Average and maximum pooling. Gradients are gathered, so that no two threads write one element.
#include "kernels/pool.h"

#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// The windows [first, last] along one axis that contain index i.
struct Windows {
  i64 first, last;
  Windows(const PoolGeom& g, i64 i, i64 count)
      : first(i < g.size ? 0 : (i - g.size) / g.stride + 1), last(std::min(i / g.stride, count - 1)) {}
};

// For every output pixel, pick(output index, input index of the first maximum) per channel.
template <class T, class Pick>
void for_maxima(const PoolGeom& g, const T* x, const Shape& s, const Shape& t, i64 n, i64 p, i64 q, i64* best,
                const Pick& pick) {
  const i64 corner = ((n * s.h + p * g.stride) * s.w + q * g.stride) * s.c;
  for (i64 c = 0; c < s.c; ++c) best[c] = corner + c;
  for (int i = 0; i < g.size; ++i)
    for (int j = 0; j < g.size; ++j)
      for (i64 c = 0; c < s.c; ++c) {
        const i64 at = corner + (i * s.w + j) * s.c + c;
        const auto v = static_cast<float>(x[at]), top = static_cast<float>(x[best[c]]);
        if (v > top || (v != v && top == top)) best[c] = at;
      }
  for (i64 c = 0; c < s.c; ++c) pick(((n * t.h + p) * t.w + q) * t.c + c, best[c]);
}

}  // namespace

void avg_pool(const Exec&, const PoolGeom& g, View x, MutView y) {
  const Shape s = x.shape;
  const float weight = 1.0F / static_cast<float>(g.size * g.size);
  dispatch_f32_bf16("avg_pool", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    gather_pixels<T>(y, false, g.size * g.size, [=](i64 n, i64 p, i64 q, float* acc) {
      for (int i = 0; i < g.size; ++i)
        for (int j = 0; j < g.size; ++j)
          add_pixel(acc, from + ((n * s.h + p * g.stride + i) * s.w + q * g.stride + j) * s.c, s.c, weight);
    });
  });
}

void avg_pool_grad(const Exec&, const PoolGeom& g, View dy, MutView dx, Write write) {
  const Shape t = dy.shape;
  const float weight = 1.0F / static_cast<float>(g.size * g.size);
  dispatch_f32_bf16("avg_pool_grad", dx.dtype, [&]<class T>() {
    const T* from = dy.as<T>();
    gather_pixels<T>(dx, write == Write::accumulate, 2, [=](i64 n, i64 h, i64 w, float* acc) {
      const Windows rows(g, h, t.h), cols(g, w, t.w);
      for (i64 p = rows.first; p <= rows.last; ++p)
        for (i64 q = cols.first; q <= cols.last; ++q)
          add_pixel(acc, from + ((n * t.h + p) * t.w + q) * t.c, t.c, weight);
    });
  });
}

void max_pool_pick(const Exec&, const PoolGeom& g, View x, View v, MutView y) {
  const Shape s = x.shape, t = y.shape;
  dispatch_f32_bf16("max_pool", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    const T* values = v.as<T>();
    T* to = y.as<T>();
    for_range(t.n * t.h * t.w, t.c * g.size * g.size, [=](i64 begin, i64 end) {
      std::vector<i64> best(static_cast<std::size_t>(s.c));
      for (i64 i = begin; i < end; ++i)
        for_maxima(g, from, s, t, i / t.w / t.h, i / t.w % t.h, i % t.w, best.data(),
                   [=](i64 out, i64 in) { to[out] = values[in]; });
    });
  });
}

void max_pool_grad(const Exec&, const PoolGeom& g, View x, View dy, MutView dx, Write write) {
  const Shape s = x.shape, t = dy.shape;
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16("max_pool_grad", dx.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    const T* grads = dy.as<T>();
    T* to = dx.as<T>();
    // One thread owns a whole picture, since windows may overlap; sums are f32 until the end.
    for_range(s.n, s.h * s.w * s.c, [=](i64 begin, i64 end) {
      std::vector<i64> best(static_cast<std::size_t>(s.c));
      const i64 size = s.h * s.w * s.c;
      std::vector<float> sums(static_cast<std::size_t>(size));
      for (i64 n = begin; n < end; ++n) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        float* sum = sums.data();
        for (i64 i = 0; i < t.h * t.w; ++i)
          for_maxima(g, from, s, t, n, i / t.w, i % t.w, best.data(),
                     [=](i64 out, i64 in) { sum[in - n * size] += static_cast<float>(grads[out]); });
        put_pixel(to + n * size, sum, size, add);
      }
    });
  });
}

}  // namespace sumi::kernels::cpu
