// Normalization by its definition: statistics in two passes, the affine map with its activation,
// and the gradient through both.
#include "kernels/norm.h"

#include <cmath>
#include <vector>

#include "kernels/ref/loops.h"
#include "kernels/ref/scalar.h"

namespace sumi::kernels::ref {
namespace {

// The index of the statistic that covers the element at `at`.
std::int64_t stat_of(const NormGeom& g, const Shape& at) {
  return g.is_batch() ? at.c : at.n * g.groups + at.c / (g.x.c / g.groups);
}

// The type of statistics and parameters for an x of T (NormGeom::vector_dtype).
template <class T>
using Vector = std::conditional_t<std::is_same_v<T, bf16>, float, T>;

// The operands of the normalization.
template <class V>
struct Affine {
  const V *mean, *var, *gamma, *beta;

  Affine(View mean_v, View var_v, View gamma_v, View beta_v)
      : mean(mean_v.as<V>()),
        var(var_v.as<V>()),
        gamma(gamma_v ? gamma_v.as<V>() : nullptr),
        beta(beta_v ? beta_v.as<V>() : nullptr) {}

  double rstd(const NormGeom& g, std::int64_t stat) const {
    return 1 / std::sqrt(static_cast<double>(var[stat]) + g.eps);
  }
  double x_hat(const NormGeom& g, std::int64_t stat, double x) const {
    return (x - static_cast<double>(mean[stat])) * rstd(g, stat);
  }
  double scale(std::int64_t c) const { return gamma ? static_cast<double>(gamma[c]) : 1.0; }
  double shift(std::int64_t c) const { return beta ? static_cast<double>(beta[c]) : 0.0; }
};

}  // namespace

void norm_stats(const Exec&, const NormGeom& g, View x, MutView mean, MutView var) {
  dispatch(x.dtype, [&]<class T>() {
    using V = Vector<T>;
    const T* xs = x.as<T>();
    const auto stats = static_cast<std::size_t>(g.stat_shape().count());
    const auto count = static_cast<double>(g.stat_count());
    std::vector<double> sum(stats), squares(stats);
    for_each_index(g.x,
                   [&](const Shape& at) { sum[stat_of(g, at)] += static_cast<double>(xs[offset(g.x, at)]); });
    for_each_index(g.x, [&](const Shape& at) {
      const double d = static_cast<double>(xs[offset(g.x, at)]) - sum[stat_of(g, at)] / count;
      squares[stat_of(g, at)] += d * d;
    });
    for (std::size_t i = 0; i < stats; ++i) {
      mean.as<V>()[i] = static_cast<V>(sum[i] / count);
      var.as<V>()[i] = static_cast<V>(squares[i] / count);
    }
  });
}

void norm_apply(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                Unary act, double alpha, View residual, const PadGeom& border, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const Affine<Vector<T>> affine(mean, var, gamma, beta);
    const T *xs = x.as<T>(), *rs = residual ? residual.as<T>() : nullptr;
    std::vector<T> inner(border.any() ? static_cast<std::size_t>(x.count()) : 0);
    T* ys = border.any() ? inner.data() : y.as<T>();
    for_each_index(g.x, [&](const Shape& at) {
      const std::int64_t i = offset(g.x, at);
      const double z = affine.scale(at.c) * affine.x_hat(g, stat_of(g, at), static_cast<double>(xs[i])) +
                       affine.shift(at.c);
      ys[i] = static_cast<T>(unary_value(act, alpha, z) + (rs ? static_cast<double>(rs[i]) : 0.0));
    });
    if (border.any()) ref::pad(e, border, View{inner.data(), x.dtype, x.shape, x.device, 0}, y);
  });
}

// With dz the gradient before the activation and e = gamma dz:
//   dgamma = sum dz x_hat;  dbeta = sum dz
//   dx = rstd (e - mean(e) - x_hat mean(e x_hat)), with means over the elements of the statistic
void norm_backward(const Exec&, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                   Unary act, double alpha, bool fixed_stats, View dy, MutView dx, MutView dgamma,
                   Write dgamma_write, MutView dbeta, Write dbeta_write) {
  dispatch(x.dtype, [&]<class T>() {
    const Affine<Vector<T>> affine(mean, var, gamma, beta);
    const T *xs = x.as<T>(), *dys = dy.as<T>();
    const auto channels = static_cast<std::size_t>(g.x.c),
               stats = static_cast<std::size_t>(g.stat_shape().count());
    std::vector<double> sum_dz(channels), sum_dz_hat(channels), sum_e(stats), sum_e_hat(stats);
    // f(offset, statistic, channel, x_hat, dz) for every element
    const auto for_each_dz = [&](auto&& f) {
      for_each_index(g.x, [&](const Shape& at) {
        const std::int64_t i = offset(g.x, at), stat = stat_of(g, at);
        const double x_hat = affine.x_hat(g, stat, static_cast<double>(xs[i]));
        const double z = affine.scale(at.c) * x_hat + affine.shift(at.c);
        f(i, stat, at.c, x_hat,
          static_cast<double>(dys[i]) * unary_slope(act, alpha, z, unary_value(act, alpha, z)));
      });
    };
    for_each_dz([&](std::int64_t, std::int64_t stat, std::int64_t c, double x_hat, double dz) {
      sum_dz[c] += dz;
      sum_dz_hat[c] += dz * x_hat;
      sum_e[stat] += affine.scale(c) * dz;
      sum_e_hat[stat] += affine.scale(c) * dz * x_hat;
    });
    if (dx) {
      T* dxs = dx.as<T>();
      const auto count = static_cast<double>(g.stat_count());
      for_each_dz([&](std::int64_t i, std::int64_t stat, std::int64_t c, double x_hat, double dz) {
        double e = affine.scale(c) * dz;
        if (!fixed_stats) e -= (sum_e[stat] + x_hat * sum_e_hat[stat]) / count;
        dxs[i] = static_cast<T>(affine.rstd(g, stat) * e);
      });
    }
    for (std::int64_t c = 0; c < g.x.c; ++c) {
      if (dgamma) store(dgamma.as<Vector<T>>()[c], sum_dz_hat[c], dgamma_write);
      if (dbeta) store(dbeta.as<Vector<T>>()[c], sum_dz[c], dbeta_write);
    }
  });
}

void norm_running(const Exec&, const NormGeom& g, View mean, View var, double keep, MutView running_mean,
                  MutView running_var) {
  dispatch(mean.dtype, [&]<class T>() {
    const auto count = static_cast<double>(g.stat_count());
    // one element has no unbiased variance
    const double unbiased = count > 1 ? count / (count - 1) : 1.0;
    for (std::int64_t c = 0; c < g.x.c; ++c) {
      T &to_mean = running_mean.as<T>()[c], &to_var = running_var.as<T>()[c];
      to_mean = static_cast<T>(keep * static_cast<double>(to_mean) +
                               (1 - keep) * static_cast<double>(mean.as<T>()[c]));
      to_var = static_cast<T>(keep * static_cast<double>(to_var) +
                              (1 - keep) * unbiased * static_cast<double>(var.as<T>()[c]));
    }
  });
}

}  // namespace sumi::kernels::ref
