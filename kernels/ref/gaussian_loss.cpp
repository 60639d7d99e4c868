// Losses of normal distributions, element by element in double.
#include "kernels/gaussian_loss.h"

#include <cmath>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

void gaussian_nll(const Exec&, View x, View mean, View log_var, MutView y, MutView dmean, MutView dlog_var) {
  dispatch(x.dtype, [&]<class T>() {
    const auto count = static_cast<double>(x.count());
    double sum = 0;
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const auto z = static_cast<double>(x.as<T>()[i]) - static_cast<double>(mean.as<T>()[i]);
      const auto l = static_cast<double>(log_var.as<T>()[i]);
      const double precision = std::exp(-l);
      sum += (l + z * z * precision) / 2;
      if (!dmean) continue;
      dmean.as<T>()[i] = static_cast<T>(-z * precision / count);
      dlog_var.as<T>()[i] = static_cast<T>((1 - z * z * precision) / 2 / count);
    }
    *y.as<T>() = static_cast<T>(sum / count);
  });
}

void gaussian_kl(const Exec&, View mean, View log_var, MutView y, MutView dmean, MutView dlog_var) {
  dispatch(mean.dtype, [&]<class T>() {
    const auto samples = static_cast<double>(mean.shape.n);
    double sum = 0;
    for (std::int64_t i = 0; i < mean.count(); ++i) {
      const auto m = static_cast<double>(mean.as<T>()[i]), l = static_cast<double>(log_var.as<T>()[i]);
      sum += (m * m + std::expm1(l) - l) / 2;
      if (!dmean) continue;
      dmean.as<T>()[i] = static_cast<T>(m / samples);
      dlog_var.as<T>()[i] = static_cast<T>(std::expm1(l) / 2 / samples);
    }
    *y.as<T>() = static_cast<T>(sum / samples);
  });
}

}  // namespace sumi::kernels::ref
