// Losses and their derivatives, element by element, and the mean.
#include "kernels/loss.h"

#include <cmath>

#include "kernels/ref/loops.h"
#include "kernels/ref/scalar.h"

namespace sumi::kernels::ref {
namespace {

// max(0, z) that propagates NaN.
double positive_part(double z) {
  return z <= 0 ? 0 : z;
}
double sign_of(double z) {
  return z > 0 ? 1 : z < 0 ? -1 : 0;
}

double loss_value(Loss loss, double delta, double x, double t) {
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
    case Loss::huber: {
      const double size = std::abs(x - t);
      return size <= delta ? size * size / 2 : delta * (size - delta / 2);
    }
  }
  fail("loss", "no such loss");
}

double loss_slope(Loss loss, double delta, double x, double t) {
  switch (loss) {
    case Loss::bce_logits:
      return sigmoid_of(x) - t;
    case Loss::squared:
      return 2 * (x - t);
    case Loss::l1:
      return sign_of(x - t);
    case Loss::linear:
      return -t;
    case Loss::hinge:
      return 1 - t * x > 0 ? -t : 0;
    case Loss::huber:
      return std::abs(x - t) <= delta ? x - t : delta * sign_of(x - t);
  }
  fail("loss", "no such loss");
}

}  // namespace

void loss_mean(const Exec&, Loss loss, double delta, View x, View target, double value, MutView y,
               MutView dx) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ts = target ? target.as<T>() : nullptr;
    T* dxs = dx ? dx.as<T>() : nullptr;
    const auto count = static_cast<double>(x.count());
    double sum = 0;
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const auto at = static_cast<double>(xs[i]), t = ts ? static_cast<double>(ts[i]) : value;
      sum += loss_value(loss, delta, at, t);
      if (dxs) dxs[i] = static_cast<T>(loss_slope(loss, delta, at, t) / count);
    }
    *y.as<T>() = static_cast<T>(sum / count);
  });
}

}  // namespace sumi::kernels::ref
