// Norm statistics: means and squared deviations of columns in blocks, joined over rows and then
// over a statistic's channels by the formula of Chan, Golub and LeVeque, so that one implementation
// serves the whole family. x is read once.
#include "kernels/cpu/norm_layout.h"

namespace sumi::kernels::cpu {
namespace {

// For a number of rows: the mean of each column and the sum of its squared deviations from it.
struct Moments {
  double mean[norm_width] = {}, squares[norm_width] = {};
};

// The coefficients for joining moments of `more` rows to those of `before`.
struct Joining {
  double share, weight;
  Joining(i64 before, i64 more)
      : share(static_cast<double>(more) / static_cast<double>(before + more)),
        weight(static_cast<double>(before) * share) {}
  void operator()(double& mean, double& squares, double more_mean, double more_squares) const {
    const double delta = more_mean - mean;
    mean += delta * share;
    squares += more_squares + delta * delta * weight;
  }
};

// Joins `rows` rows of `width` columns starting at x, `step` apart, to m, which covers `before`
// rows. Sums are of differences from a center, the mean of the first eighth of the rows. Since
// those rows are part of the variance, even a center far from the mean makes the error at most nine
// times that of f32 sums around the mean.
template <class T>
inline void join_block(const T* x, i64 step, i64 before, i64 rows, i64 width, Moments& m) {
  const i64 sample = std::max<i64>(rows / 8, 1);
  float center[norm_width], drift[norm_width], square[norm_width];
  for (i64 i = 0; i < width; ++i) center[i] = drift[i] = square[i] = 0.0F;
  for (i64 r = 0; r < sample; ++r)
    for (i64 i = 0; i < width; ++i) center[i] += static_cast<float>(x[r * step + i]);
  const float sample_share = 1.0F / static_cast<float>(sample);
  for (i64 i = 0; i < width; ++i) center[i] *= sample_share;
  // Prefetches two kilobytes ahead, because hardware prefetchers stop at page boundaries.
  constexpr i64 line = 64 / static_cast<i64>(sizeof(T));
  const i64 ahead = std::max<i64>(32 * line / width, 1) * step;
  for (i64 r = 0; r < rows; ++r) {
    const T* const row = x + r * step;
    for (i64 i = 0; i < width; i += line) __builtin_prefetch(row + ahead + i);
#pragma omp simd
    for (i64 i = 0; i < width; ++i) {
      const float d = static_cast<float>(row[i]) - center[i];
      drift[i] += d;
      square[i] += d * d;
    }
  }
  const Joining join(before, rows);
  const double share = 1.0 / static_cast<double>(rows);
#pragma omp simd
  for (i64 i = 0; i < width; ++i) {
    const double sum = drift[i], off = sum * share;
    join(m.mean[i], m.squares[i], center[i] + off, square[i] - sum * off);
  }
}

// The moments of `rows` rows of `width` columns. With few columns, several rows are processed side
// by side.
template <class T>
inline void moments_of(const T* x, i64 rows, i64 c, i64 width, double* mean, double* squares) {
  Moments m;
  const i64 side = c < lane_width / 2 ? std::min(lane_width / c, rows) : 1, whole = rows / side;
  for (i64 r0 = 0; r0 < whole; r0 += lane_rows)
    join_block(x + r0 * side * c, side * c, r0, std::min(lane_rows, whole - r0), side * width, m);
  for (i64 s = 1; s < side; ++s) {
    const Joining join(s * whole, whole);
    for (i64 i = 0; i < c; ++i) join(m.mean[i], m.squares[i], m.mean[s * c + i], m.squares[s * c + i]);
  }
  if (const i64 rest = rows - whole * side; rest > 0)
    join_block(x + whole * side * c, c, whole * side, rest, width, m);
  std::copy(m.mean, m.mean + width, mean);
  std::copy(m.squares, m.squares + width, squares);
}

// Joins the chunks of each column to its first.
void join_chunks(const NormPieces& p, double* mean, double* squares) {
  p.each_column([&](i64 o, i64 c0, i64 width) {
    double* const all_mean = mean + p.part(o, 0) + c0;
    double* const all_squares = squares + p.part(o, 0) + c0;
    for (i64 chunk = 1; chunk < p.chunks; ++chunk) {
      const Joining join(chunk * p.per_chunk, p.rows_of(chunk));
      const double* const more_mean = mean + p.part(o, chunk) + c0;
      const double* const more_squares = squares + p.part(o, chunk) + c0;
#pragma omp simd
      for (i64 i = 0; i < width; ++i) join(all_mean[i], all_squares[i], more_mean[i], more_squares[i]);
    }
  });
}

}  // namespace

void norm_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  const NormLayout l(g);
  const NormPieces p(l);
  Workspace w(e);
  const auto mean_piece = w.add<double>(p.parts()), square_piece = w.add<double>(p.parts());
  w.allocate();
  double *const means = w.at<double>(mean_piece), *const squares = w.at<double>(square_piece);
  dispatch_f32_bf16("norm_stats", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    p.each([&](i64 o, i64 chunk, i64 c0, i64 width) {
      const i64 at = p.part(o, chunk) + c0;
      moments_of(from + (o * l.rows + chunk * p.per_chunk) * l.c + c0, p.rows_of(chunk), l.c, width,
                 means + at, squares + at);
    });
  });
  join_chunks(p, means, squares);
  const auto statistics = static_cast<std::size_t>(l.outer * l.groups);
  std::vector<double> all_means(statistics), vars(statistics);
  const auto per_channel = static_cast<double>(l.rows), channels = static_cast<double>(l.per_group);
  for (i64 o = 0; o < l.outer; ++o)
    for (i64 group = 0; group < l.groups; ++group) {
      const double *const m = means + p.part(o, 0) + group * l.per_group, *const s = squares + p.part(o, 0) +
                                                                                     group * l.per_group;
      double center = 0, deviation = 0;
      for (i64 i = 0; i < l.per_group; ++i) center += m[i];
      center /= channels;
      for (i64 i = 0; i < l.per_group; ++i)
        deviation += s[i] + per_channel * (m[i] - center) * (m[i] - center);
      const auto at = static_cast<std::size_t>(o * l.groups + group);
      all_means[at] = center;
      vars[at] = std::max(deviation, 0.0) / (per_channel * channels);
    }
  write_norm("norm_stats", all_means, mean, Write::overwrite);
  write_norm("norm_stats", vars, var, Write::overwrite);
}

}  // namespace sumi::kernels::cpu
