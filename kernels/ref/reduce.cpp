// Sums over axes, the sum of squares, and the count of non-finite elements.
#include "kernels/reduce.h"

#include <cmath>
#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

void sum_to(const Exec&, View x, double scale, MutView y, Write write) {
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    T* ys = y.as<T>();
    std::vector<double> sum(static_cast<std::size_t>(y.count()));
    for_each_index(x.shape, [&](const Shape& at) {
      sum[broadcast_offset(y.shape, at)] += static_cast<double>(xs[offset(x.shape, at)]);
    });
    for (std::int64_t i = 0; i < y.count(); ++i) store(ys[i], scale * sum[i], write);
  });
}

void sum_squares(const Exec&, View x, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    double sum = 0;
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const auto value = static_cast<double>(xs[i]);
      sum += value * value;
    }
    *y.as<T>() = static_cast<T>(sum);
  });
}

std::int64_t count_nonfinite(const Exec&, View x) {
  std::int64_t count = 0;
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    for (std::int64_t i = 0; i < x.count(); ++i) count += std::isfinite(static_cast<double>(xs[i])) ? 0 : 1;
  });
  return count;
}

}  // namespace sumi::kernels::ref
