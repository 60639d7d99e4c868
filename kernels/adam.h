// The Adam update (Kingma and Ba 2014) over a flat range of parameters, with an optional running average of
// weights.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// With g' = grad_scale * g (+ weight_decay * p):
//   m = beta1 m + (1 - beta1) g';  v = beta2 v + (1 - beta2) g'^2
//   p -= lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps)
//   ema = ema_decay ema + (1 - ema_decay) p        where ema is given
// Hyper-parameters stay double to here; f32 elements are computed in f32 from constants rounded once.
struct AdamStep {
  double lr = 2e-4, beta1 = 0.5, beta2 = 0.999, eps = 1e-8, weight_decay = 0.0;
  double grad_scale = 1.0;
  double ema_decay = 0.0;
  std::int64_t step = 1;  // 1 at the first update
};

// p, g, m, v, ema: one flat range each, same count, f32 (or f64 on ref). ema may be absent.
using Adam = void(const Exec&, const AdamStep&, MutView p, View g, MutView m, MutView v, MutView ema);

namespace ref {
Adam adam;
}
namespace cpu {
Adam adam;
}
namespace cuda {
Adam adam;
}

inline void adam(const Exec& e, const AdamStep& s, MutView p, View g, MutView m, MutView v, MutView ema) {
  check_on_device("adam", e, {p, g, m, v, ema});
  check_same_dtype("adam", {p, g, m, v, ema});
  for (const View& x : {View(g), View(m), View(v)}) check_shape("adam", "state", x.shape, p.shape);
  on_device(
      "adam", e, [&] { ref::adam(e, s, p, g, m, v, ema); }, [&] { cpu::adam(e, s, p, g, m, v, ema); },
      [&] { cuda::adam(e, s, p, g, m, v, ema); });
}

}  // namespace sumi::kernels
