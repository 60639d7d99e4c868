// Losses of normal distributions, with their gradients in the same pass.
#include "kernels/gaussian_loss.h"

#include "kernels/cpu/math.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// The loss of one element and its derivatives.
struct Term {
  float value, dmean, dlog_var;
};

// y = share * (sum of term(i).value); dmean and dlog_var = share * the term's, if requested.
template <class T, class TermAt>
void sum_terms(const Exec& e, i64 count, double share, const TermAt& term, MutView y, MutView dmean,
               MutView dlog_var) {
  double sum = 0;
  if (!dmean) {
    sum = sum_all(e, count, [term](i64 i) { return term(i).value; });
  } else {
    T *const dms = dmean.as<T>(), *const dls = dlog_var.as<T>();
    const auto scale = static_cast<float>(share);
    sum = sum_all(e, count, [=](i64 i) {
      const Term at = term(i);
      dms[i] = T(scale * at.dmean);
      dls[i] = T(scale * at.dlog_var);
      return at.value;
    });
  }
  *y.as<T>() = T(static_cast<float>(share * sum));
}

}  // namespace

void gaussian_nll(const Exec& e, View x, View mean, View log_var, MutView y, MutView dmean,
                  MutView dlog_var) {
  dispatch_f32_bf16("gaussian_nll", x.dtype, [&]<class T>() {
    const T *const xs = x.as<T>(), *const means = mean.as<T>(), *const log_vars = log_var.as<T>();
    const auto term = [=](i64 i) {
      const float z = static_cast<float>(xs[i]) - static_cast<float>(means[i]);
      const auto l = static_cast<float>(log_vars[i]);
      const float pull = z * exp_f32(-l), square = z * pull;
      return Term{0.5F * (l + square), -pull, 0.5F * (1.0F - square)};
    };
    sum_terms<T>(e, x.count(), 1.0 / static_cast<double>(x.count()), term, y, dmean, dlog_var);
  });
}

void gaussian_kl(const Exec& e, View mean, View log_var, MutView y, MutView dmean, MutView dlog_var) {
  dispatch_f32_bf16("gaussian_kl", mean.dtype, [&]<class T>() {
    const T *const means = mean.as<T>(), *const log_vars = log_var.as<T>();
    const auto term = [=](i64 i) {
      const auto m = static_cast<float>(means[i]), l = static_cast<float>(log_vars[i]);
      const float more = expm1_f32(l);  // variance above 1
      return Term{0.5F * (m * m + (more - l)), m, 0.5F * more};
    };
    sum_terms<T>(e, mean.count(), 1.0 / static_cast<double>(mean.shape.n), term, y, dmean, dlog_var);
  });
}

}  // namespace sumi::kernels::cpu
