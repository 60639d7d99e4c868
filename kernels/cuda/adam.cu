// The Adam update (Kingma and Ba 2014), one launch over the whole range of parameters: each thread reads p, g, m, v
// (and the average) of an element once and writes them once, which is all the memory traffic there need be.
//
// What the step count and the rates make is computed on the host in double and rounded to f32 once. The element's
// arithmetic is the CPU's, operation by operation; this file is compiled with -fmad=false, so that the bits are the
// same too (division and square root round exactly on both).
#include "kernels/adam.h"

#include <cmath>

#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

struct AdamConstants {
  float scale, decay;     // of the gradient: scale * g + decay * p
  float b1, c1, b2, c2;   // beta and 1 - beta of the two moments
  float rate, root, eps;  // lr / (1 - beta1^step), 1 / sqrt(1 - beta2^step)
  float keep, take;       // ema_decay and 1 - ema_decay

  explicit AdamConstants(const AdamStep& s)
      : scale(static_cast<float>(s.grad_scale)),
        decay(static_cast<float>(s.weight_decay)),
        b1(static_cast<float>(s.beta1)),
        c1(static_cast<float>(1.0 - s.beta1)),
        b2(static_cast<float>(s.beta2)),
        c2(static_cast<float>(1.0 - s.beta2)),
        rate(static_cast<float>(s.lr / (1.0 - std::pow(s.beta1, static_cast<double>(s.step))))),
        root(static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(s.beta2, static_cast<double>(s.step))))),
        eps(static_cast<float>(s.eps)),
        keep(static_cast<float>(s.ema_decay)),
        take(static_cast<float>(1.0 - s.ema_decay)) {}
};

// ema may be null.
__global__ void adam_elements(AdamConstants k, std::int64_t count, float* p, const float* g, float* m,
                              float* v, float* ema) {
  for_each_element(count, [=](std::int64_t i) {
    const float grad = k.scale * g[i] + k.decay * p[i];
    const float first = k.b1 * m[i] + k.c1 * grad;
    const float second = k.b2 * v[i] + k.c2 * grad * grad;
    const float updated = p[i] - k.rate * first / (sqrtf(second) * k.root + k.eps);
    m[i] = first;
    v[i] = second;
    p[i] = updated;
    if (ema) ema[i] = k.keep * ema[i] + k.take * updated;
  });
}

void adam(const Exec& e, const AdamStep& s, MutView p, View g, MutView m, MutView v, MutView ema) {
  if (p.dtype != DType::f32)
    fail("adam", std::string("CUDA updates f32 parameters, not ") + name_of(p.dtype));
  launch(e, "adam_elements", adam_elements, {element_grid(p.count()), kElementBlock}, AdamConstants(s),
         p.count(), p.as<float>(), g.as<float>(), m.as<float>(), v.as<float>(),
         ema ? ema.as<float>() : nullptr);
}

}  // namespace sumi::kernels::cuda
