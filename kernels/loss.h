// Losses: the mean over all elements of a function of x and a target.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// With x the element and t its target:
//   bce_logits  softplus(x) - t x          binary cross-entropy of sigmoid(x) against t, stable for any x
//   squared     (x - t)^2                  least squares (LSGAN) and mean squared error
//   l1          |x - t|                    derivative 0 where x = t
//   linear      -t x                       Wasserstein with t = 1 (real) or -1 (fake)
//   hinge       max(0, 1 - t x)            t = 1 or -1
enum class Loss : std::uint8_t { bce_logits, squared, l1, linear, hinge };

constexpr const char* name_of(Loss l) {
  constexpr const char* names[] = {"bce_logits", "squared", "l1", "linear", "hinge"};
  return names[static_cast<int>(l)];
}

// y[1] = mean of the loss. `target`: absent (then every target is `value`) or x's shape.
using LossMean = void(const Exec&, Loss, View x, View target, double value, MutView y);
// dx (+)= dy[1] * (derivative of the mean with respect to x).
using LossMeanGrad = void(const Exec&, Loss, View x, View target, double value, View dy, MutView dx, Write);

namespace ref {
LossMean loss_mean;
LossMeanGrad loss_mean_grad;
}  // namespace ref
namespace cpu {
LossMean loss_mean;
LossMeanGrad loss_mean_grad;
}  // namespace cpu
namespace cuda {
LossMean loss_mean;
LossMeanGrad loss_mean_grad;
}  // namespace cuda

inline void loss_mean(const Exec& e, Loss loss, View x, View target, double value, MutView y) {
  check_on_device(name_of(loss), e, {x, target, y});
  check_same_dtype(name_of(loss), {x, target, y});
  if (target) check_shape(name_of(loss), "target", target.shape, x.shape);
  check_shape(name_of(loss), "y", y.shape, Shape::scalar());
  on_device(
      name_of(loss), e, [&] { ref::loss_mean(e, loss, x, target, value, y); },
      [&] { cpu::loss_mean(e, loss, x, target, value, y); },
      [&] { cuda::loss_mean(e, loss, x, target, value, y); });
}
inline void loss_mean_grad(const Exec& e, Loss loss, View x, View target, double value, View dy, MutView dx,
                           Write write) {
  check_on_device(name_of(loss), e, {x, target, dy, dx});
  check_same_dtype(name_of(loss), {x, target, dy, dx});
  check_shape(name_of(loss), "dy", dy.shape, Shape::scalar());
  check_shape(name_of(loss), "dx", dx.shape, x.shape);
  on_device(
      name_of(loss), e, [&] { ref::loss_mean_grad(e, loss, x, target, value, dy, dx, write); },
      [&] { cpu::loss_mean_grad(e, loss, x, target, value, dy, dx, write); },
      [&] { cuda::loss_mean_grad(e, loss, x, target, value, dy, dx, write); });
}

}  // namespace sumi::kernels
