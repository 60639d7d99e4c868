// Losses and their derivatives, element by element, and the mean.
#include "kernels/loss.h"

#include <cmath>

#include "kernels/ref/loops.h"
#include "kernels/ref/scalar.h"

namespace sumi::kernels::ref {
namespace {

// max(0, z) that keeps NaN.
double positive_part(double z) {
  return z <= 0 ? 0 : z;
}

double loss_value(Loss loss, double x, double t) {
  switch (loss) {
    case Loss::bce_logits:
      return softplus_of(x) - t * x;
    case Loss::squared:
      return (x - t) * (x - t);
    case Loss::l1:
      return std::abs(x - t);
    case Loss::linear:
      return -t * x;
    case Loss::hinge:
      return positive_part(1 - t * x);
  }
  fail("loss", "no such loss");
}

double loss_slope(Loss loss, double x, double t) {
  switch (loss) {
    case Loss::bce_logits:
      return sigmoid_of(x) - t;
    case Loss::squared:
      return 2 * (x - t);
    case Loss::l1:
      return x > t ? 1 : x < t ? -1 : 0;
    case Loss::linear:
      return -t;
    case Loss::hinge:
      return 1 - t * x > 0 ? -t : 0;
  }
  fail("loss", "no such loss");
}

}  // namespace

void loss_mean(const Exec&, Loss loss, View x, View target, double value, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ts = target ? target.as<T>() : nullptr;
    double sum = 0;
    for (std::int64_t i = 0; i < x.count(); ++i)
      sum += loss_value(loss, static_cast<double>(xs[i]), ts ? static_cast<double>(ts[i]) : value);
    *y.as<T>() = static_cast<T>(sum / static_cast<double>(x.count()));
  });
}

void loss_mean_grad(const Exec&, Loss loss, View x, View target, double value, View dy, MutView dx,
                    Write write) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ts = target ? target.as<T>() : nullptr;
    T* dxs = dx.as<T>();
    const double share = static_cast<double>(*dy.as<T>()) / static_cast<double>(x.count());
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const double slope =
          loss_slope(loss, static_cast<double>(xs[i]), ts ? static_cast<double>(ts[i]) : value);
      store(dxs[i], share * slope, write);
    }
  });
}

}  // namespace sumi::kernels::ref
