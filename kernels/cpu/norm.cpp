// Batch, instance, layer and group norm and their gradients; norm_stats.cpp computes the
// statistics. Sums are computed per channel in fixed chunks, then joined over a statistic's
// channels in double, so that one implementation serves the whole family.
#include "kernels/norm.h"

#include <cmath>

#include "kernels/cpu/math.h"
#include "kernels/cpu/norm_layout.h"
#include "kernels/cpu/pad_source.h"

namespace sumi::kernels::cpu {
namespace {

// Per (outer, channel): y = act(scale (x - mean) + shift).
struct Coefficients {
  std::vector<float> mean, inv_std, gamma, beta;

  Coefficients(const char* where, const NormGeom& g, const NormLayout& l, View mean_view, View var_view,
               View gamma_view, View beta_view)
      : gamma(read_norm(where, gamma_view, l.c, 1.0F)), beta(read_norm(where, beta_view, l.c, 0.0F)) {
    mean = read_norm(where, mean_view, l.outer * l.groups, 0.0F);
    inv_std = read_norm(where, var_view, l.outer * l.groups, 1.0F);
    for (float& v : inv_std) v = static_cast<float>(1.0 / std::sqrt(static_cast<double>(v) + g.eps));
    if (l.per_group == 1) return;
    spread(l.per_group, mean);
    spread(l.per_group, inv_std);
  }

 private:
  // Repeats each value `times` times.
  static void spread(i64 times, std::vector<float>& values) {
    std::vector<float> all;
    all.reserve(values.size() * static_cast<std::size_t>(times));
    for (const float v : values) all.insert(all.end(), static_cast<std::size_t>(times), v);
    values.swap(all);
  }
};

// The activations that may follow a norm.
template <class Use>
void with_norm_act(Unary u, float alpha, Use&& use) {
  switch (u) {
    case Unary::identity:
      return use([](float z) { return z; }, [](float) { return 1.0F; });
    case Unary::relu:
      return use([](float z) { return z <= 0.0F ? 0.0F : z; },  // NaN propagates
                 [](float z) { return z > 0.0F ? 1.0F : 0.0F; });
    case Unary::leaky_relu:
      return use(
          [alpha](float z) {
            // outside the selection, which then becomes a blend instead of a branch
            const float scaled = alpha * z;
            return z > 0.0F ? z : scaled;
          },
          [alpha](float z) { return z > 0.0F ? 1.0F : alpha; });
    case Unary::tanh:
      return use([](float z) { return tanh_f32(z); },
                 [](float z) {
                   const float y = tanh_f32(z);
                   return 1.0F - y * y;
                 });
    case Unary::sigmoid:
      return use([](float z) { return sigmoid_f32(z); },
                 [](float z) {
                   const float y = sigmoid_f32(z);
                   return y * (1.0F - y);
                 });
    default:
      fail("norm", std::string("no norm is followed by ") + name_of(u));
  }
}

// The sums over rows of dz and dz * xhat, per (outer, channel), where dz = dy act'(gamma xhat +
// beta).
struct GradSums {
  std::vector<double> dz, dz_xhat;

  template <class T, class Slope>
  GradSums(const Exec& e, const NormLayout& l, const Coefficients& k, const T* x, const T* dy, Slope slope) {
    const NormPieces p(l);
    Workspace w(e);
    const auto first_piece = w.add<double>(p.parts()), second_piece = w.add<double>(p.parts());
    w.allocate();
    double *const first = w.at<double>(first_piece), *const second = w.at<double>(second_piece);
    p.each([&](i64 o, i64 chunk, i64 c0, i64 width) {
      const i64 from = (o * l.rows + chunk * p.per_chunk) * l.c + c0, to = p.part(o, chunk) + c0;
      sum_block(l, k, x + from, dy + from, p.rows_of(chunk), o * l.c + c0, c0, width, slope, first + to,
                second + to);
    });
    dz.assign(static_cast<std::size_t>(l.outer * l.c), 0.0);
    dz_xhat = dz;
    p.each_column([&](i64 o, i64 c0, i64 width) {
      double *const to_first = dz.data() + o * l.c + c0, *const to_second = dz_xhat.data() + o * l.c + c0;
      for (i64 chunk = 0; chunk < p.chunks; ++chunk) {
        const double *const a = first + p.part(o, chunk) + c0, *const b = second + p.part(o, chunk) + c0;
#pragma omp simd
        for (i64 i = 0; i < width; ++i) {
          to_first[i] += a[i];
          to_second[i] += b[i];
        }
      }
    });
  }

  template <class T, class Slope>
  static inline void sum_block(const NormLayout& l, const Coefficients& k, const T* x, const T* dy, i64 rows,
                               i64 stat, i64 c0, i64 width, Slope slope, double* first, double* second) {
    const float *mean = k.mean.data() + stat, *inv_std = k.inv_std.data() + stat;
    const float *gamma = k.gamma.data() + c0, *beta = k.beta.data() + c0;
    std::fill(first, first + width, 0.0);
    std::fill(second, second + width, 0.0);
    for (i64 r0 = 0; r0 < rows; r0 += lane_rows) {
      float a[norm_width], b[norm_width];
      std::fill(a, a + width, 0.0F);
      std::fill(b, b + width, 0.0F);
      for (i64 r = r0; r < std::min(r0 + lane_rows, rows); ++r) {
#pragma omp simd
        for (i64 i = 0; i < width; ++i) {
          const float xhat = (static_cast<float>(x[r * l.c + i]) - mean[i]) * inv_std[i];
          const float d = static_cast<float>(dy[r * l.c + i]) * slope(gamma[i] * xhat + beta[i]);
          a[i] += d;
          b[i] += d * xhat;
        }
      }
      for (i64 i = 0; i < width; ++i) {
        first[i] += a[i];
        second[i] += b[i];
      }
    }
  }
};

// The means over each statistic's elements of gamma dz and gamma dz xhat, repeated per (outer,
// channel).
void statistic_means(const NormLayout& l, const Coefficients& k, const GradSums& s, std::vector<float>& plain,
                     std::vector<float>& with_xhat) {
  const auto count = static_cast<double>(l.rows * l.per_group);
  for (i64 o = 0; o < l.outer; ++o)
    for (i64 g = 0; g < l.groups; ++g) {
      double a = 0, b = 0;
      const i64 first = g * l.per_group, end = first + l.per_group;
      for (i64 c = first; c < end; ++c) {
        const auto at = static_cast<std::size_t>(o * l.c + c);
        a += static_cast<double>(k.gamma[static_cast<std::size_t>(c)]) * s.dz[at];
        b += static_cast<double>(k.gamma[static_cast<std::size_t>(c)]) * s.dz_xhat[at];
      }
      for (i64 c = first; c < end; ++c) {
        plain[static_cast<std::size_t>(o * l.c + c)] = static_cast<float>(a / count);
        with_xhat[static_cast<std::size_t>(o * l.c + c)] = static_cast<float>(b / count);
      }
    }
}

std::vector<double> over_outer(const NormLayout& l, const std::vector<double>& sums) {
  std::vector<double> total(static_cast<std::size_t>(l.c), 0.0);
  for (i64 i = 0; i < l.outer * l.c; ++i)
    total[static_cast<std::size_t>(i % l.c)] += sums[static_cast<std::size_t>(i)];
  return total;
}

}  // namespace

void norm_apply(const Exec&, const NormGeom& g, View x, View mean, View var, View gamma, View beta, Unary act,
                double alpha, View residual, const PadGeom& pad, MutView y) {
  const NormLayout l(g);
  const Coefficients k("norm_apply", g, l, mean, var, gamma, beta);
  const Shape s = x.shape;
  dispatch_f32_bf16("norm_apply", x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    const T* rs = residual ? residual.as<T>() : nullptr;
    with_norm_act(act, static_cast<float>(alpha), [&](auto f, auto) {
      const float *gammas = k.gamma.data(), *betas = k.beta.data();
      const auto pixel = [&, f](i64 r, T* out) {
        const float *m = k.mean.data() + r / l.rows * l.c, *s_inv = k.inv_std.data() + r / l.rows * l.c;
        const T* in = xs + r * l.c;
        if (rs) {
          const T* add = rs + r * l.c;
#pragma omp simd
          for (i64 c = 0; c < l.c; ++c)
            put(f((static_cast<float>(in[c]) - m[c]) * s_inv[c] * gammas[c] + betas[c]) +
                    static_cast<float>(add[c]),
                out[c]);
        } else {
#pragma omp simd
          for (i64 c = 0; c < l.c; ++c)
            put(f((static_cast<float>(in[c]) - m[c]) * s_inv[c] * gammas[c] + betas[c]), out[c]);
        }
      };
      pad_rows<T>(pad, s, y, [&](i64 first, T* to) {
        for (i64 w = 0; w < s.w; ++w) pixel(first + w, to + w * s.c);
      });
    });
  });
}

void norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                   Unary act, double alpha, bool fixed_stats, View dy, MutView dx, MutView dgamma,
                   Write dgamma_write, MutView dbeta, Write dbeta_write) {
  const NormLayout l(g);
  const Coefficients k("norm_backward", g, l, mean, var, gamma, beta);
  dispatch_f32_bf16("norm_backward", x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    const T* dys = dy.as<T>();
    with_norm_act(act, static_cast<float>(alpha), [&](auto, auto slope) {
      const GradSums sums(e, l, k, xs, dys, slope);
      if (dgamma) write_norm("norm_backward", over_outer(l, sums.dz_xhat), dgamma, dgamma_write);
      if (dbeta) write_norm("norm_backward", over_outer(l, sums.dz), dbeta, dbeta_write);
      if (!dx) return;
      std::vector<float> plain(k.mean.size(), 0.0F), with_xhat(k.mean.size(), 0.0F);
      if (!fixed_stats) statistic_means(l, k, sums, plain, with_xhat);
      T* dxs = dx.as<T>();
      for_range(l.outer * l.rows, l.c, [&, slope](i64 begin, i64 end) {
        const float *gammas = k.gamma.data(), *betas = k.beta.data();
        for (i64 r = begin; r < end; ++r) {
          const i64 at = r / l.rows * l.c;
          const float *m = k.mean.data() + at, *s = k.inv_std.data() + at;
          const float *a = plain.data() + at, *b = with_xhat.data() + at;
          const T *in = xs + r * l.c, *grad = dys + r * l.c;
          T* out = dxs + r * l.c;
#pragma omp simd
          for (i64 c = 0; c < l.c; ++c) {
            const float xhat = (static_cast<float>(in[c]) - m[c]) * s[c];
            const float dz = static_cast<float>(grad[c]) * slope(gammas[c] * xhat + betas[c]);
            put(s[c] * (gammas[c] * dz - a[c] - xhat * b[c]), out[c]);
          }
        }
      });
    });
  });
}

void norm_running(const Exec&, const NormGeom& g, View mean, View var, double keep, MutView running_mean,
                  MutView running_var) {
  const auto count = static_cast<double>(g.stat_count());
  const double unbias = count > 1 ? count / (count - 1) : 1.0;
  const auto update = [&](View now, MutView running, double factor) {
    const std::vector<float> a = read_norm("norm_running", now, g.x.c, 0.0F);
    std::vector<float> b = read_norm("norm_running", running, g.x.c, 0.0F);
    for (std::size_t i = 0; i < b.size(); ++i)
      b[i] = static_cast<float>(keep * b[i] + (1.0 - keep) * factor * a[i]);
    store_f32("norm_running", b.data(), running);
  };
  update(mean, running_mean, 1.0);
  update(var, running_var, unbias);
}

}  // namespace sumi::kernels::cpu
