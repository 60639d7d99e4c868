// Optimizer updates over flat ranges of parameters: Adam (Kingma and Ba 2014), AdamW (Loshchilov
// and Hutter 2017) and RMSProp (Tieleman and Hinton 2012), with an optional exponential moving
// average (EMA) of weights and of other tensors; and gradient clipping decided on the device.
#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/base/exec.h"

namespace sumi::kernels {

enum class Optimizer : std::uint8_t { adam, adamw, rmsprop };

constexpr const char* name_of(Optimizer rule) {
  constexpr const char* names[] = {"adam", "adamw", "rmsprop"};
  return names[static_cast<int>(rule)];
}

// The EMA decay at update `step`, counted from 1. It rises from 2/11 to `limit`: with a constant
// decay of 0.999 the average consists mainly of initial weights for the first thousand updates.
inline double ema_decay_at(double limit, std::int64_t step) {
  const auto n = static_cast<double>(step);
  return std::min(limit, (1 + n) / (10 + n));
}

// The quantities derived from the learning rate and the number of updates; all that changes from
// step to step.
struct StepRates {
  double rate = 0;    // lr / (1 - beta1^step); rmsprop: lr
  double root = 1;    // 1 / sqrt(1 - beta2^step); rmsprop: 1
  double shrink = 1;  // adamw: 1 - lr weight_decay; others: 1
  double keep = 0;    // ema_decay_at(ema_decay, step)
};

// With s = grad_scale (times `scale` if given), g' = s g (+ weight_decay p, except adamw):
//   p *= shrink
//   m = beta1 m + (1 - beta1) g';  v = beta2 v + (1 - beta2) g'^2
//   p -= rate * m / (sqrt(v) * root + eps)       rmsprop has no m and uses g'
//   ema = keep ema + (1 - keep) p                if ema is given
// These are PyTorch's rules; RMSprop's alpha is beta2, without centering or momentum.
// Hyperparameters are double up to this point; f32 elements are computed in f32 from constants
// rounded once.
struct OptimizerStep {
  Optimizer rule = Optimizer::adam;
  double lr = 2e-4, beta1 = 0.5, beta2 = 0.999, eps = 1e-8, weight_decay = 0.0;
  double grad_scale = 1.0;
  double ema_decay = 0.0;  // the limit of ema_decay_at()
  std::int64_t step = 1;   // 1 at the first update
  // If given, on the kernel's device (in host memory for ref and cpu): read when the kernel runs,
  // replacing the values derived from lr and step. A captured launch can thus be replayed with
  // other rates, with the same bits.
  const StepRates* rates = nullptr;
};

inline StepRates step_rates(const OptimizerStep& s) {
  const double keep = ema_decay_at(s.ema_decay, s.step);
  if (s.rule == Optimizer::rmsprop) return {s.lr, 1, 1, keep};
  const auto step = static_cast<double>(s.step);
  return {s.lr / (1.0 - std::pow(s.beta1, step)), 1.0 / std::sqrt(1.0 - std::pow(s.beta2, step)),
          s.rule == Optimizer::adamw ? 1.0 - s.lr * s.weight_decay : 1.0, keep};
}

// p, g, m, v, ema: one flat range each, same count, f32 (or f64 on ref). m is absent for rmsprop;
// ema is optional. scale: one element, an additional factor of the gradient; optional.
using OptimizerUpdate = void(const Exec&, const OptimizerStep&, MutView p, View g, MutView m, MutView v,
                             MutView ema, View scale);
// ema = decay ema + (1 - decay) x. x and ema: same shape, f32 (or f64 on ref). If `deferred` is not
// null, it points to the decay on the kernel's device, read when the kernel runs; `decay` is then
// unused.
using EmaUpdate = void(const Exec&, double decay, const double* deferred, View x, MutView ema);
// norm = sqrt(the sum of squares), in double; scale = clip_norm / (norm + 1e-6) if that is below 1,
// else 1: the factor of PyTorch's clip_grad_norm_. squares [1,1,1,n]; scale [1]; norm [1] or
// absent. f32 (or f64 on ref).
using ClipScale = void(const Exec&, View squares, double clip_norm, MutView scale, MutView norm);

namespace ref {
OptimizerUpdate optimizer_step;
EmaUpdate ema_update;
ClipScale clip_scale;
}  // namespace ref
namespace cpu {
OptimizerUpdate optimizer_step;
EmaUpdate ema_update;
ClipScale clip_scale;
}  // namespace cpu
namespace cuda {
OptimizerUpdate optimizer_step;
EmaUpdate ema_update;
ClipScale clip_scale;
}  // namespace cuda

inline void optimizer_step(const Exec& e, const OptimizerStep& s, MutView p, View g, MutView m, MutView v,
                           MutView ema, View scale) {
  const char* const name = name_of(s.rule);
  check_on_device(name, e, {p, g, m, v, ema, scale});
  check_same_dtype(name, {p, g, m, v, ema, scale});
  for (const View& x : {g, View(v)}) check_shape(name, "state", x.shape, p.shape);
  if (s.rule != Optimizer::rmsprop) check_shape(name, "m", m.shape, p.shape);
  if (s.rule == Optimizer::rmsprop && m) fail(name, "has no first moment, but m is given");
  if (ema) check_shape(name, "ema", ema.shape, p.shape);
  if (scale) check_shape(name, "scale", scale.shape, Shape::scalar());
  on_device(
      name, e, [&] { ref::optimizer_step(e, s, p, g, m, v, ema, scale); },
      [&] { cpu::optimizer_step(e, s, p, g, m, v, ema, scale); },
      [&] { cuda::optimizer_step(e, s, p, g, m, v, ema, scale); });
}
inline void ema_update(const Exec& e, double decay, const double* deferred, View x, MutView ema) {
  check_on_device("ema", e, {x, ema});
  check_same_dtype("ema", {x, ema});
  check_shape("ema", "ema", ema.shape, x.shape);
  on_device(
      "ema", e, [&] { ref::ema_update(e, decay, deferred, x, ema); },
      [&] { cpu::ema_update(e, decay, deferred, x, ema); },
      [&] { cuda::ema_update(e, decay, deferred, x, ema); });
}
inline void clip_scale(const Exec& e, View squares, double clip_norm, MutView scale, MutView norm) {
  check_on_device("clip_scale", e, {squares, scale, norm});
  check_same_dtype("clip_scale", {squares, scale, norm});
  check_shape("clip_scale", "squares", squares.shape, Shape::vector(squares.count()));
  check_shape("clip_scale", "scale", scale.shape, Shape::scalar());
  if (norm) check_shape("clip_scale", "norm", norm.shape, Shape::scalar());
  on_device(
      "clip_scale", e, [&] { ref::clip_scale(e, squares, clip_norm, scale, norm); },
      [&] { cpu::clip_scale(e, squares, clip_norm, scale, norm); },
      [&] { cuda::clip_scale(e, squares, clip_norm, scale, norm); });
}

}  // namespace sumi::kernels
