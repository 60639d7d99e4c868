// Losses as means over all elements.
#include "kernels/loss.h"

#include "engine/device.h"
#include "engine/ops.h"
#include "engine/ops/composed.h"
#include "engine/trace.h"

namespace sumi {
namespace {

// The loss written with differentiable ops. `t` absent: every target is `value`.
Tensor composition(Loss loss, const Tensor& x, const Tensor& t, double value) {
  const Tensor tx = t ? mul(x, t) : affine(x, value);
  const Tensor difference = t ? sub(x, t) : affine(x, 1, -value);
  switch (loss) {
    case Loss::bce_logits:
      return mean(sub(softplus(x), tx));
    case Loss::squared:
      return mean(square(difference));
    case Loss::l1:
      return mean(abs(difference));
    case Loss::linear:
      return mean(affine(tx, -1));
    default:
      return mean(relu(affine(tx, -1, 1)));  // hinge
  }
}

Tensor loss_mean_grad(Loss loss, const Tensor& x, const Tensor& target, double value, const Tensor& dy) {
  Op op("loss_mean_grad", {x, dy});
  Tensor dx = Tensor::empty_like(x);
  kernels::loss_mean_grad(exec_on(x.device()), loss, x.view(), target.view(), value, dy.view(), dx.mut(),
                          Write::overwrite);
  op.done(dx);
  return dx;
}

Tensor fused(Loss loss, const Tensor& x, const Tensor& target, double value) {
  Op op(kernels::name_of(loss), {x});
  Tensor y = Tensor::empty(Shape::scalar(), x.dtype(), x.device());
  kernels::loss_mean(exec_on(x.device()), loss, x.view(), target.view(), value, y.mut());
  op.done(y);
  return record(op.name(), {x, target}, y, [loss, x, target, value](const Tensor& dy, Grads& g) {
    if (Tape::recording()) {
      grads_through_composition({x, target}, dy, g, [&] { return composition(loss, x, target, value); });
      return;
    }
    const Tensor dx = loss_mean_grad(loss, x, target, value, dy);
    if (g.wants(0)) g.put(0, dx);
    if (g.wants(1)) g.put(1, affine(dx, -1));  // squared and l1 are functions of x - target
  });
}

}  // namespace

Tensor loss_mean(Loss loss, const Tensor& x, double target) {
  return fused(loss, x, {}, target);
}

Tensor loss_mean(Loss loss, const Tensor& x, const Tensor& target) {
  if (target.requires_grad() && loss != Loss::squared && loss != Loss::l1)
    fail(kernels::name_of(loss), "has no gradient for its target; detach it");
  return fused(loss, x, target, 0);
}

}  // namespace sumi
