// Adam in the parameters' own type: f32 elements in f32, f64 elements in f64, from constants made in double.
#include "kernels/adam.h"

#include <cmath>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

template <class T>
void adam_in(const AdamStep& s, MutView p, View g, MutView m, MutView v, MutView ema) {
  const auto beta1 = static_cast<T>(s.beta1), rest1 = static_cast<T>(1 - s.beta1);
  const auto beta2 = static_cast<T>(s.beta2), rest2 = static_cast<T>(1 - s.beta2);
  const auto scale = static_cast<T>(s.grad_scale), decay = static_cast<T>(s.weight_decay);
  const auto eps = static_cast<T>(s.eps);
  const auto rate = static_cast<T>(s.lr / (1 - std::pow(s.beta1, static_cast<double>(s.step))));
  const auto root2 = static_cast<T>(std::sqrt(1 - std::pow(s.beta2, static_cast<double>(s.step))));
  const auto keep = static_cast<T>(s.ema_decay), fresh = static_cast<T>(1 - s.ema_decay);
  const T* gs = g.as<T>();
  T *ps = p.as<T>(), *ms = m.as<T>(), *vs = v.as<T>(), *averages = ema ? ema.as<T>() : nullptr;
  for (std::int64_t i = 0; i < p.count(); ++i) {
    T grad = scale * gs[i];
    if (decay != 0) grad += decay * ps[i];
    ms[i] = beta1 * ms[i] + rest1 * grad;
    vs[i] = beta2 * vs[i] + rest2 * grad * grad;
    ps[i] -= rate * ms[i] / (std::sqrt(vs[i]) / root2 + eps);
    if (averages) averages[i] = keep * averages[i] + fresh * ps[i];
  }
}

}  // namespace

void adam(const Exec&, const AdamStep& s, MutView p, View g, MutView m, MutView v, MutView ema) {
  switch (p.dtype) {
    case DType::f32:
      adam_in<float>(s, p, g, m, v, ema);
      return;
    case DType::f64:
      adam_in<double>(s, p, g, m, v, ema);
      return;
    default:
      fail("adam", std::string("parameters are f32 or f64, these are ") + name_of(p.dtype));
  }
}

}  // namespace sumi::kernels::ref
