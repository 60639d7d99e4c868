// Losses: the mean over all elements of a function of x and a target, with its gradient in the same
// pass.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// With x the element and t its target:
//   bce_logits  softplus(x) - t x          binary cross-entropy of sigmoid(x) and t, stable for any x
//   squared     (x - t)^2                  least squares (LSGAN) and mean squared error
//   l1          |x - t|                    derivative 0 where x = t
//   linear      -t x                       Wasserstein with t = 1 (real) or -1 (fake)
//   hinge       max(0, 1 - t x)            t = 1 or -1
//   huber       (x - t)^2 / 2 where |x - t| <= delta, else delta (|x - t| - delta / 2)
//               Huber 1964; PyTorch's huber_loss. PyTorch's smooth_l1_loss with beta = delta is this
//               divided by delta
enum class Loss : std::uint8_t { bce_logits, squared, l1, linear, hinge, huber };

constexpr const char* name_of(Loss l) {
  constexpr const char* names[] = {"bce_logits", "squared", "l1", "linear", "hinge", "huber"};
  return names[static_cast<int>(l)];
}

// In one pass over x and target:
//   y[1] = mean of the loss
//   dx   = the derivative of y[1] with respect to x; absent if not requested. y has the same bits
//          either way.
// `target`: x's shape, or absent (every target is then `value`). `delta` > 0: for huber, ignored by
// the others.
using LossMean = void(const Exec&, Loss, double delta, View x, View target, double value, MutView y,
                      MutView dx);

namespace ref {
LossMean loss_mean;
}
namespace cpu {
LossMean loss_mean;
}
namespace cuda {
LossMean loss_mean;
}

inline void loss_mean(const Exec& e, Loss loss, double delta, View x, View target, double value, MutView y,
                      MutView dx) {
  check_on_device(name_of(loss), e, {x, target, y, dx});
  check_same_dtype(name_of(loss), {x, target, y, dx});
  if (target) check_shape(name_of(loss), "target", target.shape, x.shape);
  check_shape(name_of(loss), "y", y.shape, Shape::scalar());
  if (dx) check_shape(name_of(loss), "dx", dx.shape, x.shape);
  if (loss == Loss::huber && !(delta > 0))
    fail(name_of(loss), "delta is " + std::to_string(delta) + "; it must be above 0");
  on_device(
      name_of(loss), e, [&] { ref::loss_mean(e, loss, delta, x, target, value, y, dx); },
      [&] { cpu::loss_mean(e, loss, delta, x, target, value, y, dx); },
      [&] { cuda::loss_mean(e, loss, delta, x, target, value, y, dx); });
}

}  // namespace sumi::kernels
