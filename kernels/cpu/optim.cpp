// Optimizer updates in one pass over the parameters.
#include "kernels/optim.h"

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

void optimizer_step(const Exec&, const OptimizerStep& s, MutView p, View g, MutView m, MutView v, MutView ema,
                    View scale_view) {
  if (p.dtype != DType::f32)
    fail(name_of(s.rule), std::string("the CPU updates f32 parameters, not ") + name_of(p.dtype));
  const StepRates rates = s.rates ? *s.rates : step_rates(s);
  const auto rate = static_cast<float>(rates.rate), root = static_cast<float>(rates.root);
  const auto shrink = static_cast<float>(rates.shrink);
  const auto given = static_cast<float>(s.grad_scale);
  const float scale = scale_view ? given * *scale_view.as<float>() : given;
  const auto decay = static_cast<float>(s.rule == Optimizer::adamw ? 0 : s.weight_decay);
  const auto b1 = static_cast<float>(s.beta1), c1 = static_cast<float>(1.0 - s.beta1);
  const auto b2 = static_cast<float>(s.beta2), c2 = static_cast<float>(1.0 - s.beta2);
  const auto eps = static_cast<float>(s.eps);
  const auto keep = static_cast<float>(rates.keep), take = static_cast<float>(1.0 - rates.keep);
  float* const ps = p.as<float>();
  const float* const gs = g.as<float>();
  float* const ms = m ? m.as<float>() : nullptr;
  float* const vs = v.as<float>();
  float* const averages = ema ? ema.as<float>() : nullptr;
  for_range(p.count(), 1, [=](i64 begin, i64 end) {
    if (ms) {
#pragma omp simd
      for (i64 i = begin; i < end; ++i) {
        const float grad = scale * gs[i] + decay * ps[i];
        ms[i] = b1 * ms[i] + c1 * grad;
        vs[i] = b2 * vs[i] + c2 * grad * grad;
        ps[i] = shrink * ps[i] - rate * ms[i] / (std::sqrt(vs[i]) * root + eps);
      }
    } else {
#pragma omp simd
      for (i64 i = begin; i < end; ++i) {
        const float grad = scale * gs[i] + decay * ps[i];
        vs[i] = b2 * vs[i] + c2 * grad * grad;
        ps[i] = shrink * ps[i] - rate * grad / (std::sqrt(vs[i]) * root + eps);
      }
    }
    if (!averages) return;
#pragma omp simd
    for (i64 i = begin; i < end; ++i) averages[i] = keep * averages[i] + take * ps[i];
  });
}

void ema_update(const Exec&, double decay, const double* deferred, View x, MutView ema) {
  if (x.dtype != DType::f32) fail("ema", std::string("the CPU averages f32, not ") + name_of(x.dtype));
  const double now = deferred ? *deferred : decay;
  const auto keep = static_cast<float>(now), take = static_cast<float>(1.0 - now);
  const float* const xs = x.as<float>();
  float* const averages = ema.as<float>();
  for_range(x.count(), 1, [=](i64 begin, i64 end) {
#pragma omp simd
    for (i64 i = begin; i < end; ++i) averages[i] = keep * averages[i] + take * xs[i];
  });
}

void clip_scale(const Exec&, View squares, double clip_norm, MutView scale, MutView norm) {
  const float* const terms = squares.as<float>();
  double sum = 0;
  for (i64 i = 0; i < squares.count(); ++i) sum += static_cast<double>(terms[i]);
  const double root = std::sqrt(sum);
  *scale.as<float>() = static_cast<float>(root + 1e-6 > clip_norm ? clip_norm / (root + 1e-6) : 1);
  if (norm) *norm.as<float>() = static_cast<float>(root);
}

}  // namespace sumi::kernels::cpu
