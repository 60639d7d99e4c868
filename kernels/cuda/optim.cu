// Parameter updates, one launch over the whole range: each thread reads p, g, m, v (and the
// average) of an element once and writes them once, which is the minimum of memory traffic.
//
// The quantities derived from step count and learning rate are computed on the host in double and
// rounded to f32 once: by the host if they are arguments, here if they are read from memory. The
// element arithmetic is the CPU's, operation by operation; this file is compiled with -fmad=false,
// so that the bits are equal too (division and square root round exactly on both).
#include "kernels/optim.h"

#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

struct UpdateConstants {
  float scale, decay;    // of the gradient: scale * g + decay * p
  float b1, c1, b2, c2;  // beta and 1 - beta of the two moments
  float eps;
  StepRates rates;  // unless the kernel receives others

  explicit UpdateConstants(const OptimizerStep& s)
      : scale(static_cast<float>(s.grad_scale)),
        decay(static_cast<float>(s.rule == Optimizer::adamw ? 0 : s.weight_decay)),
        b1(static_cast<float>(s.beta1)),
        c1(static_cast<float>(1.0 - s.beta1)),
        b2(static_cast<float>(s.beta2)),
        c2(static_cast<float>(1.0 - s.beta2)),
        eps(static_cast<float>(s.eps)),
        rates(s.rates ? StepRates{} : step_rates(s)) {}
};

// m, ema, scale and given may be null.
__global__ void update_elements(UpdateConstants k, const StepRates* given, const float* scale,
                                std::int64_t count, float* p, const float* g, float* m, float* v,
                                float* ema) {
  const StepRates rates = given ? *given : k.rates;
  const auto rate = static_cast<float>(rates.rate), root = static_cast<float>(rates.root);
  const auto shrink = static_cast<float>(rates.shrink);
  const auto keep = static_cast<float>(rates.keep), take = static_cast<float>(1.0 - rates.keep);
  const float grad_scale = scale ? k.scale * *scale : k.scale;
  for_each_element(count, [=](std::int64_t i) {
    const float grad = grad_scale * g[i] + k.decay * p[i];
    const float first = m ? k.b1 * m[i] + k.c1 * grad : grad;
    const float second = k.b2 * v[i] + k.c2 * grad * grad;
    const float updated = shrink * p[i] - rate * first / (sqrtf(second) * root + k.eps);
    if (m) m[i] = first;
    v[i] = second;
    p[i] = updated;
    if (ema) ema[i] = keep * ema[i] + take * updated;
  });
}

void optimizer_step(const Exec& e, const OptimizerStep& s, MutView p, View g, MutView m, MutView v,
                    MutView ema, View scale) {
  if (p.dtype != DType::f32)
    fail(name_of(s.rule), std::string("CUDA updates f32 parameters, not ") + name_of(p.dtype));
  launch(e, name_of(s.rule), update_elements, {element_grid(p.count()), kElementBlock}, UpdateConstants(s),
         s.rates, scale ? scale.as<float>() : nullptr, p.count(), p.as<float>(), g.as<float>(),
         m ? m.as<float>() : nullptr, v.as<float>(), ema ? ema.as<float>() : nullptr);
}

// `deferred` may be null.
__global__ void average_elements(double decay, const double* deferred, std::int64_t count, const float* x,
                                 float* ema) {
  const double now = deferred ? *deferred : decay;
  const auto keep = static_cast<float>(now), take = static_cast<float>(1.0 - now);
  for_each_element(count, [=](std::int64_t i) { ema[i] = keep * ema[i] + take * x[i]; });
}

void ema_update(const Exec& e, double decay, const double* deferred, View x, MutView ema) {
  if (x.dtype != DType::f32) fail("ema", std::string("CUDA averages f32, not ") + name_of(x.dtype));
  launch(e, "ema", average_elements, {element_grid(x.count()), kElementBlock}, decay, deferred, x.count(),
         x.as<float>(), ema.as<float>());
}

// One thread: there are as many squares as ranges of the arena, a handful. norm may be null.
__global__ void clip_scale_of(std::int64_t count, const float* squares, double clip_norm, float* scale,
                              float* norm) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(squares[i]);
  const double root = sqrt(sum);
  *scale = static_cast<float>(root + 1e-6 > clip_norm ? clip_norm / (root + 1e-6) : 1);
  if (norm) *norm = static_cast<float>(root);
}

void clip_scale(const Exec& e, View squares, double clip_norm, MutView scale, MutView norm) {
  launch(e, "clip_scale", clip_scale_of, {dim3(1), dim3(1)}, squares.count(), squares.as<float>(), clip_norm,
         scale.as<float>(), norm ? norm.as<float>() : nullptr);
}

}  // namespace sumi::kernels::cuda
