// The Adam update in one pass over the parameters.
#include "kernels/adam.h"

#include <cmath>

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

void adam(const Exec&, const AdamStep& s, MutView p, View g, MutView m, MutView v, MutView ema) {
  if (p.dtype != DType::f32)
    fail("adam", std::string("the CPU updates f32 parameters, not ") + name_of(p.dtype));
  const double step = static_cast<double>(s.step);
  const auto scale = static_cast<float>(s.grad_scale), decay = static_cast<float>(s.weight_decay);
  const auto b1 = static_cast<float>(s.beta1), c1 = static_cast<float>(1.0 - s.beta1);
  const auto b2 = static_cast<float>(s.beta2), c2 = static_cast<float>(1.0 - s.beta2);
  const auto rate = static_cast<float>(s.lr / (1.0 - std::pow(s.beta1, step)));
  const auto root = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(s.beta2, step)));
  const auto eps = static_cast<float>(s.eps);
  const auto keep = static_cast<float>(s.ema_decay), take = static_cast<float>(1.0 - s.ema_decay);
  float* const ps = p.as<float>();
  const float* const gs = g.as<float>();
  float* const ms = m.as<float>();
  float* const vs = v.as<float>();
  float* const averages = ema ? ema.as<float>() : nullptr;
  for_range(p.count(), 1, [=](i64 begin, i64 end) {
#pragma omp simd
    for (i64 i = begin; i < end; ++i) {
      const float grad = scale * gs[i] + decay * ps[i];
      ms[i] = b1 * ms[i] + c1 * grad;
      vs[i] = b2 * vs[i] + c2 * grad * grad;
      ps[i] -= rate * ms[i] / (std::sqrt(vs[i]) * root + eps);
    }
    if (!averages) return;
#pragma omp simd
    for (i64 i = begin; i < end; ++i) averages[i] = keep * averages[i] + take * ps[i];
  });
}

}  // namespace sumi::kernels::cpu
