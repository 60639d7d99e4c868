// Convolution by its definition, and its two gradients as the adjoints of that definition.
#include "kernels/conv.h"

#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

// y[n,p,q,k] = bias[k] + sum over r,s,c of x[n, p u - top + r d, q u - left + s d, c] w[k,r,s,c]
void conv_fprop(const Exec&, const ConvGeom& g, View x, View w, View bias, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ws = w.as<T>(), *bs = bias ? bias.as<T>() : nullptr;
    T* ys = y.as<T>();
    const std::int64_t cg = g.c / g.o.groups, kg = g.k / g.o.groups;
    for_each_index(g.y_shape(), [&](const Shape& at) {
      const std::int64_t k = at.c, first_c = k / kg * cg;
      const std::int64_t top = at.h * g.o.stride - g.o.pad_top, left = at.w * g.o.stride - g.o.pad_left;
      const Range rs = steps_inside(top, g.o.dilation, g.h, g.r);
      const Range ss = steps_inside(left, g.o.dilation, g.w, g.s);
      double sum = bs ? static_cast<double>(bs[k]) : 0.0;
      for (std::int64_t r = rs.begin; r < rs.end; ++r)
        for (std::int64_t s = ss.begin; s < ss.end; ++s) {
          const T* xp =
              xs + offset(g.x_shape(), at.n, top + r * g.o.dilation, left + s * g.o.dilation, first_c);
          const T* wp = ws + offset(g.w_shape(), k, r, s, 0);
          for (std::int64_t c = 0; c < cg; ++c)
            sum += static_cast<double>(xp[c]) * static_cast<double>(wp[c]);
        }
      ys[offset(g.y_shape(), at)] = static_cast<T>(sum);
    });
  });
}

// Gathers every dy that read dx's pixel through some tap: p u = h + top - r d has at most one p for
// each r.
void conv_dgrad(const Exec&, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  dispatch(dy.dtype, [&]<class T>() {
    const T *dys = dy.as<T>(), *ws = w.as<T>(), *bs = bias ? bias.as<T>() : nullptr;
    T* dxs = dx.as<T>();
    const std::int64_t cg = g.c / g.o.groups, kg = g.k / g.o.groups;
    std::vector<double> sum(static_cast<std::size_t>(g.c));
    for_each_index({g.n, g.h, g.w, 1}, [&](const Shape& at) {
      for (std::int64_t c = 0; c < g.c; ++c) sum[c] = bs ? static_cast<double>(bs[c]) : 0.0;
      for (std::int64_t r = 0; r < g.r; ++r)
        for (std::int64_t s = 0; s < g.s; ++s) {
          const std::int64_t pu = at.h + g.o.pad_top - r * g.o.dilation, p = pu / g.o.stride;
          const std::int64_t qu = at.w + g.o.pad_left - s * g.o.dilation, q = qu / g.o.stride;
          if (pu < 0 || qu < 0 || pu % g.o.stride != 0 || qu % g.o.stride != 0 || p >= g.p || q >= g.q)
            continue;
          const T* dyp = dys + offset(g.y_shape(), at.n, p, q, 0);
          for (std::int64_t k = 0; k < g.k; ++k) {
            const T* wp = ws + offset(g.w_shape(), k, r, s, 0);
            double* to = sum.data() + k / kg * cg;
            for (std::int64_t c = 0; c < cg; ++c)
              to[c] += static_cast<double>(dyp[k]) * static_cast<double>(wp[c]);
          }
        }
      T* out = dxs + offset(g.x_shape(), at.n, at.h, at.w, 0);
      for (std::int64_t c = 0; c < g.c; ++c) out[c] = static_cast<T>(sum[c]);
    });
  });
}

// dw[k,r,s,c] = sum over n,p,q of dy[n,p,q,k] x[n, p u - top + r d, q u - left + s d, c]
void conv_wgrad(const Exec&, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *dys = dy.as<T>();
    T* dws = dw.as<T>();
    const std::int64_t cg = g.c / g.o.groups, kg = g.k / g.o.groups;
    std::vector<double> sum(static_cast<std::size_t>(cg));
    for_each_index({g.k, g.r, g.s, 1}, [&](const Shape& at) {
      const std::int64_t k = at.n, first_c = k / kg * cg;
      const std::int64_t top = at.h * g.o.dilation - g.o.pad_top, left = at.w * g.o.dilation - g.o.pad_left;
      const Range ps = steps_inside(top, g.o.stride, g.h, g.p);
      const Range qs = steps_inside(left, g.o.stride, g.w, g.q);
      sum.assign(sum.size(), 0.0);
      for (std::int64_t n = 0; n < g.n; ++n)
        for (std::int64_t p = ps.begin; p < ps.end; ++p)
          for (std::int64_t q = qs.begin; q < qs.end; ++q) {
            const auto d = static_cast<double>(dys[offset(g.y_shape(), n, p, q, k)]);
            const T* xp = xs + offset(g.x_shape(), n, top + p * g.o.stride, left + q * g.o.stride, first_c);
            for (std::int64_t c = 0; c < cg; ++c) sum[c] += d * static_cast<double>(xp[c]);
          }
      T* out = dws + offset(g.w_shape(), k, at.h, at.w, 0);
      for (std::int64_t c = 0; c < cg; ++c) store(out[c], sum[c], write);
    });
  });
}

}  // namespace sumi::kernels::ref
