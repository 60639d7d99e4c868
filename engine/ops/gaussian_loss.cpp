// Losses of normal distributions.
#include "kernels/gaussian_loss.h"

#include "engine/ops.h"
#include "engine/ops/loss_record.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {

Tensor gaussian_nll(const Tensor& x, const Tensor& mean, const Tensor& log_var) {
  Op op("gaussian_nll", {x, mean, log_var});
  const std::vector<Tensor> inputs = {x, mean, log_var};
  const Tensor y = room_for_loss(x), dmean = room_for_grad(inputs, x), dlog_var = room_for_grad(inputs, x);
  kernels::gaussian_nll(exec_on(x.device()), x.view(), mean.view(), log_var.view(), y.mutable_view(),
                        dmean.mutable_view(), dlog_var.mutable_view());
  op.done(y);
  return record_loss(op.name(), inputs, y, {{dmean, /*negative=*/true}, {dmean}, {dlog_var}}, [=] {
    const Tensor pulled = mul(square(sub(x, mean)), exp(affine(log_var, -1)));
    return affine(sumi::mean(add(log_var, pulled)), 0.5);
  });
}

Tensor gaussian_kl(const Tensor& mean, const Tensor& log_var) {
  Op op("gaussian_kl", {mean, log_var});
  const std::vector<Tensor> inputs = {mean, log_var};
  const Tensor y = room_for_loss(mean), dmean = room_for_grad(inputs, mean),
               dlog_var = room_for_grad(inputs, mean);
  kernels::gaussian_kl(exec_on(mean.device()), mean.view(), log_var.view(), y.mutable_view(),
                       dmean.mutable_view(), dlog_var.mutable_view());
  op.done(y);
  return record_loss(op.name(), inputs, y, {{dmean}, {dlog_var}}, [=] {
    const Tensor more = sub(exp(log_var), affine(log_var, 1, 1));
    return affine(sum(add(square(mean), more)), 0.5 / static_cast<double>(mean.shape().n));
  });
}

}  // namespace sumi
