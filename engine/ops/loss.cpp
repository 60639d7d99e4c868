// Losses as means over all elements.
#include "kernels/loss.h"

#include "engine/ops.h"
#include "engine/ops/loss_record.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

// huber of z: c^2 / 2 + delta (|z| - c) with c = min(|z|, delta).
Tensor huber_of(const Tensor& z, double delta) {
  const Tensor size = abs(z), c = affine(relu(affine(size, -1, delta)), -1, delta);
  return add(affine(square(c), 0.5), affine(sub(size, c), delta));
}

// The loss written with differentiable ops. `t` absent: every target is `value`.
Tensor composition(Loss loss, double delta, const Tensor& x, const Tensor& t, double value) {
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
    case Loss::hinge:
      return mean(relu(affine(tx, -1, 1)));
    default:
      return mean(huber_of(difference, delta));
  }
}

bool of_difference(Loss loss) {
  return loss == Loss::squared || loss == Loss::l1 || loss == Loss::huber;
}

Tensor fused(Loss loss, const Tensor& x, const Tensor& target, double value, double delta) {
  Op op(kernels::name_of(loss), {x});
  op.reads({x, target});
  const Tensor y = room_for_loss(x), dx = room_for_grad({x, target}, x);
  kernels::loss_mean(exec_on(x.device()), loss, delta, x.view(), target.view(), value, y.mutable_view(),
                     dx.mutable_view());
  op.done(y);
  return record_loss(op.name(), {x, target}, y, {{dx}, {dx, /*negative=*/true}},
                     [=] { return composition(loss, delta, x, target, value); });
}

}  // namespace

Tensor loss_mean(Loss loss, const Tensor& x, double target, double delta) {
  return fused(loss, x, {}, target, delta);
}

Tensor loss_mean(Loss loss, const Tensor& x, const Tensor& target, double delta) {
  if (target.requires_grad() && !of_difference(loss))
    fail(kernels::name_of(loss), "has no gradient for its target; detach it");
  return fused(loss, x, target, 0, delta);
}

}  // namespace sumi
