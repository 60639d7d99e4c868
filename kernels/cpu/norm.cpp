// Batch, instance, layer and group norm. Sums are made per channel in fixed chunks, then joined over a
// statistic's channels in double, so that one code serves the whole family.
#include "kernels/norm.h"

#include <cmath>

#include "kernels/cpu/math.h"
#include "kernels/cpu/pad_source.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// x seen as [outer, rows, c]: the sums that a statistic is joined from.
struct Layout {
  i64 outer, rows, c, per_group, groups;

  explicit Layout(const NormGeom& g)
      : outer(g.is_batch() ? 1 : g.x.n),
        rows(g.is_batch() ? g.x.n * g.x.h * g.x.w : g.x.h * g.x.w),
        c(g.x.c),
        per_group(g.is_batch() ? 1 : g.x.c / g.groups),
        groups(g.is_batch() ? g.x.c : g.groups) {}
};

// A parameter vector or statistic as f32, whatever its type; `otherwise` where it is absent.
std::vector<float> read(const char* where, View v, i64 count, float otherwise) {
  std::vector<float> all(static_cast<std::size_t>(count), otherwise);
  if (v) load_f32(where, v, all.data());
  return all;
}

void write(const char* where, const std::vector<double>& values, MutView y, Write mode) {
  std::vector<float> all =
      mode == Write::accumulate ? read(where, y, y.count(), 0.0F) : std::vector<float>(values.size(), 0.0F);
  for (std::size_t i = 0; i < values.size(); ++i) all[i] = static_cast<float>(all[i] + values[i]);
  store_f32(where, all.data(), y);
}

// Running moments of columns, and blocks of rows that join them by Chan, Golub and LeVeque's formula.
struct Moments {
  double mean[lane_width] = {}, squares[lane_width] = {};
};

constexpr i64 strip_width = 32;  // columns whose sums of a block fit the registers

// Joins rows [r0, r1) of `Width` columns from c0 on. They stay in the nearest cache while they are summed twice, the second
// time around their own mean, so that x is read from memory once.
template <i64 Width, class T>
inline void join_block(const T* x, i64 c, i64 r0, i64 r1, i64 c0, Moments& m) {
  const auto at = [=](i64 i) { return static_cast<float>(x[i]); };
  const auto before = static_cast<double>(r0), count = static_cast<double>(r1 - r0);
  float centre[Width] = {}, drift[Width] = {}, square[Width] = {};
  for (i64 r = r0; r < r1; ++r)
    for (i64 i = 0; i < Width; ++i) centre[i] += at(r * c + c0 + i);
  for (i64 i = 0; i < Width; ++i) centre[i] /= static_cast<float>(r1 - r0);
  for (i64 r = r0; r < r1; ++r) {
    // Of the next block, which memory would otherwise only begin to bring when this one is done.
    for (i64 i = 0; i < Width; i += 16) __builtin_prefetch(x + (r + r1 - r0) * c + c0 + i);
    for (i64 i = 0; i < Width; ++i) {
      const float d = at(r * c + c0 + i) - centre[i];
      drift[i] += d;
      square[i] += d * d;
    }
  }
  for (i64 i = 0; i < Width; ++i) {
    // The centre was rounded to f32: the drift says by how much it is off.
    const double off = static_cast<double>(drift[i]) / count;
    const double delta = static_cast<double>(centre[i]) + off - m.mean[c0 + i];
    m.mean[c0 + i] += delta * count / (before + count);
    m.squares[c0 + i] += square[i] - off * off * count + delta * delta * before * count / (before + count);
  }
}

// Sum and sum of squared deviations of one chunk's columns.
template <class T>
inline void chunk_moments(const T* x, i64 rows, i64 c, i64 width, double* sum, double* squares) {
  Moments m;
  for (i64 r0 = 0; r0 < rows; r0 += lane_rows) {
    const i64 r1 = std::min(r0 + lane_rows, rows);
    i64 c0 = 0;
    for (; c0 + strip_width <= width; c0 += strip_width) join_block<strip_width>(x, c, r0, r1, c0, m);
    for (; c0 + 8 <= width; c0 += 8) join_block<8>(x, c, r0, r1, c0, m);
    for (; c0 < width; ++c0) join_block<1>(x, c, r0, r1, c0, m);
  }
  for (i64 i = 0; i < width; ++i) {
    sum[i] = m.mean[i] * static_cast<double>(rows);
    squares[i] = m.squares[i];
  }
}

// mean and var of every statistic from the moments of chunks, by Chan, Golub and LeVeque's pairwise formula.
void join_moments(const Layout& l, const Chunks& k, const double* sum, const double* squares, double* mean,
                  double* var) {
  const auto at = [&](i64 o, i64 chunk, i64 c) { return (o * k.count + chunk) * l.c + c; };
  const auto count = static_cast<double>(l.rows * l.per_group);
  for (i64 o = 0; o < l.outer; ++o)
    for (i64 g = 0; g < l.groups; ++g) {
      double total = 0, deviation = 0;
      for (i64 chunk = 0; chunk < k.count; ++chunk)
        for (i64 c = g * l.per_group; c < (g + 1) * l.per_group; ++c) total += sum[at(o, chunk, c)];
      const double centre = total / count;
      for (i64 chunk = 0; chunk < k.count; ++chunk) {
        const auto rows = static_cast<double>(std::min(k.per_chunk, l.rows - chunk * k.per_chunk));
        for (i64 c = g * l.per_group; c < (g + 1) * l.per_group; ++c) {
          const double off = sum[at(o, chunk, c)] / rows - centre;
          deviation += squares[at(o, chunk, c)] + rows * off * off;
        }
      }
      mean[o * l.groups + g] = centre;
      var[o * l.groups + g] = std::max(deviation, 0.0) / count;
    }
}

// Per (outer, channel): y = act(scale (x - mean) + shift).
struct Coefficients {
  std::vector<float> mean, inv_std, gamma, beta;

  Coefficients(const char* where, const NormGeom& g, const Layout& l, View mean_view, View var_view,
               View gamma_view, View beta_view)
      : gamma(read(where, gamma_view, l.c, 1.0F)), beta(read(where, beta_view, l.c, 0.0F)) {
    const std::vector<float> m = read(where, mean_view, l.outer * l.groups, 0.0F);
    const std::vector<float> v = read(where, var_view, l.outer * l.groups, 1.0F);
    mean.resize(static_cast<std::size_t>(l.outer * l.c));
    inv_std.resize(mean.size());
    for (i64 o = 0; o < l.outer; ++o)
      for (i64 c = 0; c < l.c; ++c) {
        const auto from = static_cast<std::size_t>(o * l.groups + c / l.per_group);
        const auto to = static_cast<std::size_t>(o * l.c + c);
        mean[to] = m[from];
        inv_std[to] = static_cast<float>(1.0 / std::sqrt(static_cast<double>(v[from]) + g.eps));
      }
  }
};

// The activations that may follow a norm.
template <class Use>
void with_norm_act(Unary u, float alpha, Use&& use) {
  switch (u) {
    case Unary::identity:
      return use([](float z) { return z; }, [](float) { return 1.0F; });
    case Unary::relu:
      return use([](float z) { return z <= 0.0F ? 0.0F : z; },  // NaN stays
                 [](float z) { return z > 0.0F ? 1.0F : 0.0F; });
    case Unary::leaky_relu:
      return use(
          [alpha](float z) {
            const float scaled = alpha * z;  // outside of the choice, which becomes a blend and not a branch
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

// The sums over rows of dz and dz * xhat, per (outer, channel), where dz = dy act'(gamma xhat + beta).
struct GradSums {
  std::vector<double> dz, dz_xhat;

  template <class T, class Slope>
  GradSums(const Exec& e, const Layout& l, const Coefficients& k, const T* x, const T* dy, Slope slope) {
    const Chunks chunks(l.outer, l.rows, l.c);
    const i64 parts = l.outer * chunks.count * l.c;
    Workspace w(e);
    const auto first_piece = w.add<double>(parts), second_piece = w.add<double>(parts);
    w.allocate();
    double *const first = w.at<double>(first_piece), *const second = w.at<double>(second_piece);
    for_chunks(chunks, [&](i64 o, i64 chunk, i64 row, i64 end) {
      for (i64 c0 = 0; c0 < l.c; c0 += lane_width) {
        const i64 width = std::min(lane_width, l.c - c0), from = (o * l.rows + row) * l.c + c0;
        const i64 to = (o * chunks.count + chunk) * l.c + c0;
        sum_block(l, k, x + from, dy + from, end - row, o * l.c + c0, c0, width, slope, first + to,
                  second + to);
      }
    });
    dz.assign(static_cast<std::size_t>(l.outer * l.c), 0.0);
    dz_xhat = dz;
    for (i64 o = 0; o < l.outer; ++o)
      for (i64 chunk = 0; chunk < chunks.count; ++chunk)
        for (i64 c = 0; c < l.c; ++c) {
          const i64 from = (o * chunks.count + chunk) * l.c + c;
          dz[static_cast<std::size_t>(o * l.c + c)] += first[from];
          dz_xhat[static_cast<std::size_t>(o * l.c + c)] += second[from];
        }
  }

  template <class T, class Slope>
  static inline void sum_block(const Layout& l, const Coefficients& k, const T* x, const T* dy, i64 rows,
                               i64 stat, i64 c0, i64 width, Slope slope, double* first, double* second) {
    const float *mean = k.mean.data() + stat, *inv_std = k.inv_std.data() + stat;
    const float *gamma = k.gamma.data() + c0, *beta = k.beta.data() + c0;
    std::fill(first, first + width, 0.0);
    std::fill(second, second + width, 0.0);
    for (i64 r0 = 0; r0 < rows; r0 += lane_rows) {
      float a[lane_width] = {}, b[lane_width] = {};
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

// The means over each statistic's elements of gamma dz and gamma dz xhat, spread to (outer, channel).
void statistic_means(const Layout& l, const Coefficients& k, const GradSums& s, std::vector<float>& plain,
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

std::vector<double> over_outer(const Layout& l, const std::vector<double>& sums) {
  std::vector<double> total(static_cast<std::size_t>(l.c), 0.0);
  for (i64 i = 0; i < l.outer * l.c; ++i)
    total[static_cast<std::size_t>(i % l.c)] += sums[static_cast<std::size_t>(i)];
  return total;
}

}  // namespace

void norm_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  const Layout l(g);
  const Chunks k(l.outer, l.rows, l.c);
  const auto statistics = static_cast<std::size_t>(l.outer * l.groups);
  std::vector<double> means(statistics), vars(statistics);
  Workspace w(e);
  const auto sum_piece = w.add<double>(l.outer * k.count * l.c),
             square_piece = w.add<double>(l.outer * k.count * l.c);
  w.allocate();
  double *const sum = w.at<double>(sum_piece), *const squares = w.at<double>(square_piece);
  dispatch_f32_bf16("norm_stats", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    for_chunks(k, [&](i64 o, i64 chunk, i64 first, i64 end) {
      for (i64 c0 = 0; c0 < l.c; c0 += lane_width) {
        const i64 at = (o * k.count + chunk) * l.c + c0;
        chunk_moments(from + (o * l.rows + first) * l.c + c0, end - first, l.c,
                      std::min(lane_width, l.c - c0), sum + at, squares + at);
      }
    });
  });
  join_moments(l, k, sum, squares, means.data(), vars.data());
  write("norm_stats", means, mean, Write::overwrite);
  write("norm_stats", vars, var, Write::overwrite);
}

void norm_apply(const Exec&, const NormGeom& g, View x, View mean, View var, View gamma, View beta, Unary act,
                double alpha, View residual, const PadGeom& pad, MutView y) {
  const Layout l(g);
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
            out[c] = T(f((static_cast<float>(in[c]) - m[c]) * s_inv[c] * gammas[c] + betas[c]) +
                       static_cast<float>(add[c]));
        } else {
#pragma omp simd
          for (i64 c = 0; c < l.c; ++c)
            out[c] = T(f((static_cast<float>(in[c]) - m[c]) * s_inv[c] * gammas[c] + betas[c]));
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
  const Layout l(g);
  const Coefficients k("norm_backward", g, l, mean, var, gamma, beta);
  dispatch_f32_bf16("norm_backward", x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    const T* dys = dy.as<T>();
    with_norm_act(act, static_cast<float>(alpha), [&](auto, auto slope) {
      const GradSums sums(e, l, k, xs, dys, slope);
      if (dgamma) write("norm_backward", over_outer(l, sums.dz_xhat), dgamma, dgamma_write);
      if (dbeta) write("norm_backward", over_outer(l, sums.dz), dbeta, dbeta_write);
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
            out[c] = T(s[c] * (gammas[c] * dz - a[c] - xhat * b[c]));
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
    const std::vector<float> a = read("norm_running", now, g.x.c, 0.0F);
    std::vector<float> b = read("norm_running", running, g.x.c, 0.0F);
    for (std::size_t i = 0; i < b.size(); ++i)
      b[i] = static_cast<float>(keep * b[i] + (1.0 - keep) * factor * a[i]);
    store_f32("norm_running", b.data(), running);
  };
  update(mean, running_mean, 1.0);
  update(var, running_var, unbias);
}

}  // namespace sumi::kernels::cpu
