// Softmax and cross-entropy by their definitions, one row of channels at a time.
#include "kernels/softmax.h"

#include <cmath>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// m + log(sum of exp(x - m)), kept as two terms: their sum would round off the small one.
struct LogSumExp {
  double largest, log_sum;

  // log softmax(x)
  double log_share(double x) const { return (x - largest) - log_sum; }
};

template <class T>
LogSumExp log_sum_exp(const T* x, std::int64_t c) {
  auto largest = static_cast<double>(x[0]);
  for (std::int64_t i = 1; i < c; ++i) largest = std::fmax(largest, static_cast<double>(x[i]));
  double sum = 0;
  for (std::int64_t i = 0; i < c; ++i) sum += std::exp(static_cast<double>(x[i]) - largest);
  return {largest, std::log(sum)};
}

}  // namespace

void softmax(const Exec&, View x, MutView y) {
  const std::int64_t c = x.shape.c;
  dispatch(x.dtype, [&]<class T>() {
    for (std::int64_t row = 0; row < x.count(); row += c) {
      const T* xs = x.as<T>() + row;
      T* ys = y.as<T>() + row;
      const LogSumExp lse = log_sum_exp(xs, c);
      for (std::int64_t i = 0; i < c; ++i)
        ys[i] = static_cast<T>(std::exp(lse.log_share(static_cast<double>(xs[i]))));
    }
  });
}

void softmax_grad(const Exec&, View y, View dy, MutView dx, Write write) {
  const std::int64_t c = y.shape.c;
  dispatch(y.dtype, [&]<class T>() {
    for (std::int64_t row = 0; row < y.count(); row += c) {
      const T *ys = y.as<T>() + row, *dys = dy.as<T>() + row;
      T* dxs = dx.as<T>() + row;
      double mean = 0;
      for (std::int64_t i = 0; i < c; ++i) mean += static_cast<double>(ys[i]) * static_cast<double>(dys[i]);
      for (std::int64_t i = 0; i < c; ++i)
        store(dxs[i], static_cast<double>(ys[i]) * (static_cast<double>(dys[i]) - mean), write);
    }
  });
}

void cross_entropy(const Exec&, View x, View t, MutView y, MutView dx) {
  const std::int64_t c = x.shape.c, rows = x.count() / c;
  dispatch(x.dtype, [&]<class T>() {
    double total = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const T *xs = x.as<T>() + row * c, *ts = t.as<T>() + row * c;
      const LogSumExp lse = log_sum_exp(xs, c);
      double weight = 0;
      for (std::int64_t i = 0; i < c; ++i) {
        const auto p = static_cast<double>(ts[i]);
        weight += p;
        if (p != 0) total -= p * lse.log_share(static_cast<double>(xs[i]));
      }
      if (!dx) continue;
      for (std::int64_t i = 0; i < c; ++i) {
        const double share = std::exp(lse.log_share(static_cast<double>(xs[i])));
        dx.as<T>()[row * c + i] =
            static_cast<T>((share * weight - static_cast<double>(ts[i])) / static_cast<double>(rows));
      }
    }
    *y.as<T>() = static_cast<T>(total / static_cast<double>(rows));
  });
}

}  // namespace sumi::kernels::ref
