// Losses of normal distributions with their gradients in the same pass: a sum as in loss.cu, whose
// threads also store the derivatives of the elements that they add.
#include "kernels/gaussian_loss.h"

#include "kernels/base/dispatch.h"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

// The destinations of the derivatives, times `share`; null if not requested.
template <class T>
struct GaussianGrads {
  T *mean, *log_var;
  float share;

  __device__ void put(std::int64_t i, float dmean, float dlog_var) const {
    if (!mean) return;
    mean[i] = T(share * dmean);
    log_var[i] = T(share * dlog_var);
  }
};

template <class T>
struct NllTerm {
  const T *x, *mean, *log_var;
  GaussianGrads<T> grads;

  __device__ float operator()(std::int64_t i) const {
    const float z = static_cast<float>(x[i]) - static_cast<float>(mean[i]);
    const auto l = static_cast<float>(log_var[i]);
    const float pull = z * expf(-l), square = z * pull;
    grads.put(i, -pull, 0.5F * (1 - square));
    return 0.5F * (l + square);
  }
};

template <class T>
struct KlTerm {
  const T *mean, *log_var;
  GaussianGrads<T> grads;

  __device__ float operator()(std::int64_t i) const {
    const auto m = static_cast<float>(mean[i]), l = static_cast<float>(log_var[i]);
    const float more = expm1f(l);  // variance above 1
    grads.put(i, m, 0.5F * more);
    return 0.5F * (m * m + (more - l));
  }
};

template <class T>
GaussianGrads<T> gaussian_grads(MutView dmean, MutView dlog_var, double share) {
  return {dmean ? dmean.as<T>() : nullptr, dlog_var ? dlog_var.as<T>() : nullptr, static_cast<float>(share)};
}

void gaussian_nll(const Exec& e, View x, View mean, View log_var, MutView y, MutView dmean,
                  MutView dlog_var) {
  const double share = 1.0 / static_cast<double>(x.count());
  dispatch_f32_bf16("gaussian_nll", x.dtype, [&]<class T>() {
    const NllTerm<T> term{x.as<T>(), mean.as<T>(), log_var.as<T>(),
                          gaussian_grads<T>(dmean, dlog_var, share)};
    sum_rows(e, RowChunks(1, x.count(), 1), term, share, y.as<T>(), false);
  });
}

void gaussian_kl(const Exec& e, View mean, View log_var, MutView y, MutView dmean, MutView dlog_var) {
  const double share = 1.0 / static_cast<double>(mean.shape.n);
  dispatch_f32_bf16("gaussian_kl", mean.dtype, [&]<class T>() {
    const KlTerm<T> term{mean.as<T>(), log_var.as<T>(), gaussian_grads<T>(dmean, dlog_var, share)};
    sum_rows(e, RowChunks(1, mean.count(), 1), term, share, y.as<T>(), false);
  });
}

}  // namespace sumi::kernels::cuda
