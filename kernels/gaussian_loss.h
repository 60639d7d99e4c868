// Losses of normal distributions with a mean and a log-variance per element (a diagonal
// covariance), with their gradients in the same pass. The log-variance is unconstrained, so a
// network's output needs no clamp. exp(+-log_var) overflows f32 beyond 88.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// The negative log-likelihood of x under N(mean, exp(log_var)) without its constant log(2 pi) / 2;
// equal to PyTorch's GaussianNLLLoss with full = False and var = exp(log_var):
//   y[1]     = mean over all elements of (log_var + (x - mean)^2 / exp(log_var)) / 2
//   dmean    = the derivative of y[1] with respect to mean; its negative is that with respect to x
//   dlog_var = that with respect to log_var
// All have x's shape. dmean and dlog_var are both absent if not requested.
using GaussianNll = void(const Exec&, View x, View mean, View log_var, MutView y, MutView dmean,
                         MutView dlog_var);

// The Kullback-Leibler divergence of N(mean, exp(log_var)) from N(0, 1), the KL term of a
// variational autoencoder (Kingma and Welling 2014, appendix B):
//   y[1] = mean over the samples n of the sum over h, w, c of (mean^2 + exp(log_var) - 1 - log_var) / 2
// and its derivatives, as above.
using GaussianKl = void(const Exec&, View mean, View log_var, MutView y, MutView dmean, MutView dlog_var);

namespace ref {
GaussianNll gaussian_nll;
GaussianKl gaussian_kl;
}  // namespace ref
namespace cpu {
GaussianNll gaussian_nll;
GaussianKl gaussian_kl;
}  // namespace cpu
namespace cuda {
GaussianNll gaussian_nll;
GaussianKl gaussian_kl;
}  // namespace cuda

inline void check_gaussian(const char* kernel, const Exec& e, View x, View mean, View log_var, View y,
                           View dmean, View dlog_var) {
  check_on_device(kernel, e, {x, mean, log_var, y, dmean, dlog_var});
  check_same_dtype(kernel, {x, mean, log_var, y, dmean, dlog_var});
  check_shape(kernel, "log_var", log_var.shape, mean.shape);
  check_shape(kernel, "y", y.shape, Shape::scalar());
  if (!dmean && !dlog_var) return;
  check_shape(kernel, "dmean", dmean.shape, mean.shape);
  check_shape(kernel, "dlog_var", dlog_var.shape, mean.shape);
}
inline void gaussian_nll(const Exec& e, View x, View mean, View log_var, MutView y, MutView dmean,
                         MutView dlog_var) {
  check_gaussian("gaussian_nll", e, x, mean, log_var, y, dmean, dlog_var);
  check_shape("gaussian_nll", "x", x.shape, mean.shape);
  on_device(
      "gaussian_nll", e, [&] { ref::gaussian_nll(e, x, mean, log_var, y, dmean, dlog_var); },
      [&] { cpu::gaussian_nll(e, x, mean, log_var, y, dmean, dlog_var); },
      [&] { cuda::gaussian_nll(e, x, mean, log_var, y, dmean, dlog_var); });
}
inline void gaussian_kl(const Exec& e, View mean, View log_var, MutView y, MutView dmean, MutView dlog_var) {
  check_gaussian("gaussian_kl", e, {}, mean, log_var, y, dmean, dlog_var);
  on_device(
      "gaussian_kl", e, [&] { ref::gaussian_kl(e, mean, log_var, y, dmean, dlog_var); },
      [&] { cpu::gaussian_kl(e, mean, log_var, y, dmean, dlog_var); },
      [&] { cuda::gaussian_kl(e, mean, log_var, y, dmean, dlog_var); });
}

}  // namespace sumi::kernels
