// Sums over any axes, sums of squares, and the search for NaN and infinity.
#include "kernels/reduce.h"

#include <cmath>
#include <limits>

#include "kernels/base/reduction_shape.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// The double sum of one output, element by element.
template <class T>
double sum_box(const T* x, const Shape& s, const Shape& at, const Shape& y) {
  double sum = 0;
  for (i64 n = at.n; n < (y.n == 1 ? s.n : at.n + 1); ++n)
    for (i64 h = at.h; h < (y.h == 1 ? s.h : at.h + 1); ++h)
      for (i64 w = at.w; w < (y.w == 1 ? s.w : at.w + 1); ++w)
        for (i64 c = at.c; c < (y.c == 1 ? s.c : at.c + 1); ++c)
          sum += static_cast<float>(x[((n * s.h + h) * s.w + w) * s.c + c]);
  return sum;
}

template <class T>
void put(T& y, double value, bool add) {
  y = T(static_cast<float>(add ? static_cast<double>(static_cast<float>(y)) + value : value));
}

}  // namespace

void sum_to(const Exec& e, View x, double scale, MutView y, Write write) {
  const bool add = write == Write::accumulate;
  const ReductionShape fold(x.shape, y.shape);
  dispatch_f32_bf16("sum_to", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    if (fold.fits) {
      Workspace w(e);
      const double* sums = sum_rows(w, fold.outer, fold.rows, fold.cols,
                                    [from](i64 i) { return static_cast<float>(from[i]); });
      for (i64 i = 0; i < y.count(); ++i) put(to[i], scale * sums[i], add);
      return;
    }
    const Shape s = y.shape, xs = x.shape;
    for_range(s.count(), x.count() / std::max<i64>(s.count(), 1), [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) {
        const Shape at{i / s.c / s.w / s.h, i / s.c / s.w % s.h, i / s.c % s.w, i % s.c};
        put(to[i], scale * sum_box(from, xs, at, s), add);
      }
    });
  });
}

void sum_squares(const Exec& e, View x, MutView y) {
  dispatch_f32_bf16("sum_squares", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    const double sum = sum_all(e, x.count(), [from](i64 i) {
      const auto v = static_cast<float>(from[i]);
      return v * v;
    });
    put(*y.as<T>(), sum, false);
  });
}

std::int64_t count_nonfinite(const Exec& e, View x) {
  double count = 0;
  dispatch_f32_bf16("count_nonfinite", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    count = sum_all(e, x.count(), [from](i64 i) {
      return std::fabs(static_cast<float>(from[i])) <= std::numeric_limits<float>::max() ? 0.0F : 1.0F;
    });
  });
  return static_cast<std::int64_t>(count);
}

}  // namespace sumi::kernels::cpu
