// Softmax and cross-entropy, one row of channels at a time; rows are distributed over the threads.
#include "kernels/softmax.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/cpu/math.h"
#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {
namespace {

constexpr i64 lanes = 8;     // values summed side by side
constexpr i64 block = 2048;  // values that stay in the L1 cache between loops, in whole rows

// Compared as integers of the same order, which compilers vectorize; NaN is above or below all
// numbers.
inline float largest_of(const float* x, i64 c) {
  const auto ordered = [](std::int32_t bits) {
    return bits ^ ((bits >> 31) & 0x7fffffff);
  };  // its own inverse
  std::int32_t best = std::numeric_limits<std::int32_t>::min();
  for (i64 i = 0; i < c; ++i) best = std::max(best, ordered(std::bit_cast<std::int32_t>(x[i])));
  return std::bit_cast<float>(ordered(best));
}

// The sum of value(i) over a row: f32 side by side in short runs, double between them.
template <class Value>
inline double row_sum(i64 c, const Value& value) {
  constexpr i64 run = 64 * lanes;
  double total = 0;
  i64 i = 0;
  for (; c - i >= lanes;) {
    const i64 end = i + std::min(run, (c - i) / lanes * lanes);
    float sum[lanes] = {};
    for (; i < end; i += lanes)
      for (i64 k = 0; k < lanes; ++k) sum[k] += value(i + k);
    for (i64 k = 0; k < lanes / 2; ++k) sum[k] += sum[k + lanes / 2];
    total += static_cast<double>((sum[0] + sum[2]) + (sum[1] + sum[3]));
  }
  for (; i < c; ++i) total += static_cast<double>(value(i));
  return total;
}

// A row as f32: itself, or a copy in `to`.
template <class T>
inline const float* widened(const T* x, i64 c, std::vector<float>& to) {
  if constexpr (std::is_same_v<T, float>) return x;
  to.resize(static_cast<std::size_t>(c));
  float* const wide = to.data();
  for (i64 i = 0; i < c; ++i) wide[i] = static_cast<float>(x[i]);
  return wide;
}

// Rows of logits as f32, their distances below the row's maximum, and the exponentials.
class ExpRows {
 public:
  explicit ExpRows(i64 c) : c_(c), rows_(std::max<i64>(1, block / c)), below_(size()), exp_(size()) {}
  i64 rows() const { return rows_; }
  const float* below(i64 row) const { return below_.data() + row * c_; }
  const float* exp(i64 row) const { return exp_.data() + row * c_; }
  // Loads `rows` rows starting at x.
  template <class T>
  inline void fill(const T* x, i64 rows) {
    float *const below = below_.data(), *const exps = exp_.data();
    for (i64 row = 0; row < rows; ++row) {
      float* const to = below + row * c_;
      const float* const from = widened(x + row * c_, c_, wide_);
      const float largest = largest_of(from, c_);
      for (i64 i = 0; i < c_; ++i) to[i] = largest - from[i];
    }
    // independent of the row length
    for (i64 i = 0; i < rows * c_; ++i) exps[i] = exp_minus_f32(below[i]);
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(rows_ * c_); }
  i64 c_, rows_;
  std::vector<float> below_, exp_, wide_;
};

}  // namespace

void softmax(const Exec&, View x, MutView y) {
  const i64 c = x.shape.c;
  if (x.count() == 0) return;
  dispatch_f32_bf16("softmax", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    for_range(x.count() / c, 4 * c, [=](i64 begin, i64 end) {
      ExpRows of(c);
      for (i64 first = begin; first < end; first += of.rows()) {
        const i64 rows = std::min(of.rows(), end - first);
        of.fill(from + first * c, rows);
        for (i64 row = 0; row < rows; ++row) {
          const float* const e = of.exp(row);
          const auto scale = static_cast<float>(1.0 / row_sum(c, [=](i64 i) { return e[i]; }));
          T* const out = to + (first + row) * c;
          for (i64 i = 0; i < c; ++i) out[i] = T(scale * e[i]);
        }
      }
    });
  });
}

void softmax_grad(const Exec&, View y, View dy, MutView dx, Write write) {
  const bool add = write == Write::accumulate;
  const i64 c = y.shape.c;
  if (y.count() == 0) return;
  dispatch_f32_bf16("softmax_grad", y.dtype, [&]<class T>() {
    const T *ys = y.as<T>(), *dys = dy.as<T>();
    T* to = dx.as<T>();
    for_range(y.count() / c, 2 * c, [=](i64 begin, i64 end) {
      for (i64 row = begin * c; row < end * c; row += c) {
        double sum = 0;
        for (i64 i = row; i < row + c; ++i)
          sum += static_cast<double>(static_cast<float>(ys[i])) *
                 static_cast<double>(static_cast<float>(dys[i]));
        const auto mean = static_cast<float>(sum);
        for (i64 i = row; i < row + c; ++i) {
          const float grad = static_cast<float>(ys[i]) * (static_cast<float>(dys[i]) - mean);
          to[i] = T(add ? static_cast<float>(to[i]) + grad : grad);
        }
      }
    });
  });
}

void cross_entropy(const Exec& e, View x, View t, MutView y, MutView dx) {
  const i64 c = x.shape.c, rows = x.count() / c;
  Workspace w(e);
  const auto piece = w.add<double>(rows);
  w.allocate();
  double* const losses = w.at<double>(piece);  // one per row, added in order
  dispatch_f32_bf16("cross_entropy", x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ts = t.as<T>();
    T* const grads = dx ? dx.as<T>() : nullptr;
    const auto share = static_cast<float>(1.0 / static_cast<double>(rows));
    for_range(rows, 6 * c, [=](i64 begin, i64 end) {
      ExpRows of(c);
      std::vector<float> wide;
      for (i64 first = begin; first < end; first += of.rows()) {
        const i64 count = std::min(of.rows(), end - first);
        of.fill(xs + first * c, count);
        for (i64 row = 0; row < count; ++row) {
          const float *const below = of.below(row), *const e = of.exp(row);
          const float* const p = widened(ts + (first + row) * c, c, wide);
          const double sum = row_sum(c, [=](i64 i) { return e[i]; });
          const double weight = row_sum(c, [=](i64 i) { return p[i]; });
          const double depth = row_sum(c, [=](i64 i) {
            const float share_of = p[i] * below[i];
            return p[i] == 0.0F ? 0.0F : share_of;  // instead of 0 times infinity
          });
          losses[first + row] = weight * std::log(sum) + depth;
          if (!grads) continue;
          const auto scale = static_cast<float>(weight / sum);
          T* const out = grads + (first + row) * c;
          for (i64 i = 0; i < c; ++i) out[i] = T((scale * e[i] - p[i]) * share);
        }
      }
    });
    double total = 0;
    for (i64 row = 0; row < rows; ++row) total += losses[row];
    *y.as<T>() = T(static_cast<float>(total / static_cast<double>(rows)));
  });
}

}  // namespace sumi::kernels::cpu
