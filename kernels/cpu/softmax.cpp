// Softmax and cross-entropy, a row of channels at a time; rows are shared out among the threads.
#include "kernels/softmax.h"

#include <cmath>

#include "kernels/cpu/math.h"
#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {
namespace {

template <class T>
inline float largest_of(const T* x, i64 c) {
  auto largest = static_cast<float>(x[0]);
  for (i64 i = 1; i < c; ++i) largest = std::max(largest, static_cast<float>(x[i]));
  return largest;
}
template <class T>
inline double sum_exp(const T* x, i64 c, float largest) {
  double sum = 0;
  for (i64 i = 0; i < c; ++i) sum += static_cast<double>(exp_f32(static_cast<float>(x[i]) - largest));
  return sum;
}

}  // namespace

void softmax(const Exec&, View x, MutView y) {
  const i64 c = x.shape.c;
  if (x.count() == 0) return;
  dispatch_f32_bf16("softmax", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    for_range(x.count() / c, 4 * c, [=](i64 begin, i64 end) {
      for (i64 row = begin * c; row < end * c; row += c) {
        const float largest = largest_of(from + row, c);
        const auto scale = static_cast<float>(1.0 / sum_exp(from + row, c, largest));
        for (i64 i = row; i < row + c; ++i) to[i] = T(scale * exp_f32(static_cast<float>(from[i]) - largest));
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
  double* const losses = w.at<double>(piece);  // one for each row, added in their order
  dispatch_f32_bf16("cross_entropy", x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ts = t.as<T>();
    T* const grads = dx ? dx.as<T>() : nullptr;
    for_range(rows, 6 * c, [=](i64 begin, i64 end) {
      for (i64 row = begin; row < end; ++row) {
        const T *xr = xs + row * c, *tr = ts + row * c;
        const float largest = largest_of(xr, c);
        const double sum = sum_exp(xr, c, largest), log_sum = std::log(sum);
        double loss = 0, weight = 0;
        for (i64 i = 0; i < c; ++i) {
          const double p = static_cast<double>(static_cast<float>(tr[i]));
          weight += p;
          if (p != 0) loss += p * (log_sum - (static_cast<double>(static_cast<float>(xr[i])) - largest));
        }
        losses[row] = loss;
        if (!grads) continue;
        const auto scale = static_cast<float>(weight / sum), count = static_cast<float>(rows);
        for (i64 i = 0; i < c; ++i) {
          const float share = scale * exp_f32(static_cast<float>(xr[i]) - largest);
          grads[row * c + i] = T((share - static_cast<float>(tr[i])) / count);
        }
      }
    });
    double total = 0;
    for (i64 row = 0; row < rows; ++row) total += losses[row];
    *y.as<T>() = T(static_cast<float>(total / static_cast<double>(rows)));
  });
}

}  // namespace sumi::kernels::cpu
