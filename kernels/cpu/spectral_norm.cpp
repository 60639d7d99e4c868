// Power iteration: matrix-vector products that read the matrix along its rows, with sums in double
// across runs of f32.
#include "kernels/spectral_norm.h"

#include <cmath>

#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// x = W^T u, one run of adjacent columns at a time.
template <class T>
void transposed_product(const T* w, i64 rows, i64 columns, const T* u, double* x) {
  for_range(ceil_div(columns, lane_width), lane_width * rows, [=](i64 begin, i64 end) {
    for (i64 c0 = begin * lane_width; c0 < std::min(end * lane_width, columns); c0 += lane_width) {
      const i64 width = std::min(lane_width, columns - c0);
      double sum[lane_width] = {};
      for (i64 r = 0; r < rows; ++r) {
        const auto factor = static_cast<float>(u[r]);
        for (i64 c = 0; c < width; ++c) sum[c] += static_cast<float>(w[r * columns + c0 + c]) * factor;
      }
      std::copy_n(sum, width, x + c0);
    }
  });
}

// x = W v, one row at a time.
template <class T>
void product(const T* w, i64 rows, i64 columns, const T* v, double* x) {
  for_range(rows, columns, [=](i64 begin, i64 end) {
    for (i64 r = begin; r < end; ++r) {
      const T* const row = w + r * columns;
      x[r] = 0;
      sum_columns(
          0, columns, 1, [=](i64 c) { return static_cast<float>(row[c]) * static_cast<float>(v[c]); }, x + r);
    }
  });
}

// y = x / max(|x|, eps)
template <class T>
void normalize(const double* x, i64 count, double eps, T* y) {
  double squares = 0;
  for (i64 i = 0; i < count; ++i) squares += x[i] * x[i];
  const double divisor = std::max(std::sqrt(squares), eps);
  for (i64 i = 0; i < count; ++i) y[i] = T(static_cast<float>(x[i] / divisor));
}

}  // namespace

void spectral_norm(const Exec& e, View w, bool update, double eps, MutView u, MutView v, MutView sigma) {
  const i64 rows = u.count(), columns = v.count();
  Workspace work(e);
  const auto piece = work.add<double>(std::max(rows, columns));
  work.allocate();
  double* const x = work.at<double>(piece);
  dispatch_f32_bf16("spectral_norm", w.dtype, [&]<class T>() {
    if (update) {
      transposed_product(w.as<T>(), rows, columns, u.as<T>(), x);
      normalize(x, columns, eps, v.as<T>());
    }
    product(w.as<T>(), rows, columns, v.as<T>(), x);
    if (update) normalize(x, rows, eps, u.as<T>());
    double sum = 0;
    for (i64 r = 0; r < rows; ++r) sum += static_cast<double>(static_cast<float>(u.as<T>()[r])) * x[r];
    *sigma.as<T>() = T(static_cast<float>(sum));
  });
}

}  // namespace sumi::kernels::cpu
