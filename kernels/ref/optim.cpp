// Optimizer updates in the parameters' type: f32 elements in f32, f64 elements in f64, from
// constants computed in double.
#include "kernels/optim.h"

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

template <class T>
void update_in(const OptimizerStep& s, MutView p, View g, MutView m, MutView v, MutView ema, View scale) {
  const StepRates rates = s.rates ? *s.rates : step_rates(s);
  const auto rate = static_cast<T>(rates.rate), root = static_cast<T>(rates.root);
  const auto shrink = static_cast<T>(rates.shrink);
  const auto beta1 = static_cast<T>(s.beta1), rest1 = static_cast<T>(1 - s.beta1);
  const auto beta2 = static_cast<T>(s.beta2), rest2 = static_cast<T>(1 - s.beta2);
  const auto decay = static_cast<T>(s.rule == Optimizer::adamw ? 0 : s.weight_decay);
  const auto eps = static_cast<T>(s.eps);
  const auto keep = static_cast<T>(rates.keep), fresh = static_cast<T>(1 - rates.keep);
  auto grad_scale = static_cast<T>(s.grad_scale);
  if (scale) grad_scale *= *scale.as<T>();
  const T* gs = g.as<T>();
  T *ps = p.as<T>(), *vs = v.as<T>();
  T *ms = m ? m.as<T>() : nullptr, *averages = ema ? ema.as<T>() : nullptr;
  for (std::int64_t i = 0; i < p.count(); ++i) {
    T grad = grad_scale * gs[i];
    if (decay != 0) grad += decay * ps[i];
    ps[i] *= shrink;
    if (ms) ms[i] = beta1 * ms[i] + rest1 * grad;
    vs[i] = beta2 * vs[i] + rest2 * grad * grad;
    ps[i] -= rate * (ms ? ms[i] : grad) / (std::sqrt(vs[i]) * root + eps);
    if (averages) averages[i] = keep * averages[i] + fresh * ps[i];
  }
}

template <class T>
void ema_update_in(double decay, View x, MutView ema) {
  const auto keep = static_cast<T>(decay), fresh = static_cast<T>(1 - decay);
  for (std::int64_t i = 0; i < x.count(); ++i) ema.as<T>()[i] = keep * ema.as<T>()[i] + fresh * x.as<T>()[i];
}

template <class T>
void clip_scale_in(View squares, double clip_norm, MutView scale, MutView norm) {
  double sum = 0;
  for (std::int64_t i = 0; i < squares.count(); ++i) sum += static_cast<double>(squares.as<T>()[i]);
  const double root = std::sqrt(sum);
  *scale.as<T>() = static_cast<T>(root + 1e-6 > clip_norm ? clip_norm / (root + 1e-6) : 1);
  if (norm) *norm.as<T>() = static_cast<T>(root);
}

// Calls f.template operator()<T>() with the type of parameters.
template <class F>
void in_type(const char* where, DType t, F&& f) {
  if (t == DType::f32) return f.template operator()<float>();
  if (t == DType::f64) return f.template operator()<double>();
  fail(where, std::string("parameters are f32 or f64, these are ") + name_of(t));
}

}  // namespace

void optimizer_step(const Exec&, const OptimizerStep& s, MutView p, View g, MutView m, MutView v, MutView ema,
                    View scale) {
  in_type(name_of(s.rule), p.dtype, [&]<class T>() { update_in<T>(s, p, g, m, v, ema, scale); });
}

void ema_update(const Exec&, double decay, const double* deferred, View x, MutView ema) {
  in_type("ema", x.dtype, [&]<class T>() { ema_update_in<T>(deferred ? *deferred : decay, x, ema); });
}

void clip_scale(const Exec&, View squares, double clip_norm, MutView scale, MutView norm) {
  in_type("clip_scale", squares.dtype, [&]<class T>() { clip_scale_in<T>(squares, clip_norm, scale, norm); });
}

}  // namespace sumi::kernels::ref
