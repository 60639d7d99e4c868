// Normalization. Batch, instance, layer and group norm are one family; they differ in the elements
// that a statistic covers.
//   batch     one statistic per channel, over n, h, w                      -> statistics [1,1,1,c]
//   group(g)  one per sample and group of c/g channels, over h, w, c/g     -> statistics [n,1,1,g]
//             instance norm is group(c), layer norm is group(1)
// y = pad(act(gamma (x - mean) / sqrt(var + eps) + beta) + residual); gamma and beta are [c] or
// absent (1 and 0). var is the biased variance. If x is bf16, statistics, gamma, beta and their
// gradients are f32: NormGeom::vector_dtype(). Ioffe and Szegedy 2015; Ba 2016; Ulyanov 2016; Wu
// and He 2018.
#pragma once

#include "kernels/activation.h"
#include "kernels/pad.h"

namespace sumi::kernels {

struct NormGeom {
  Shape x;
  std::int64_t groups = 0;  // 0: batch norm; else groups per sample, a divisor of c
  double eps = 1e-5;

  bool is_batch() const { return groups == 0; }
  Shape stat_shape() const { return is_batch() ? Shape::vector(x.c) : Shape{x.n, 1, 1, groups}; }
  // The number of elements that one statistic covers.
  std::int64_t stat_count() const { return is_batch() ? x.n * x.h * x.w : x.h * x.w * (x.c / groups); }
  // The dtype of statistics and parameters for an x of dtype t: small tensors are never rounded to
  // bf16.
  static constexpr DType vector_dtype(DType t) { return t == DType::bf16 ? DType::f32 : t; }
};

// mean, var [stat_shape]
using NormStats = void(const Exec&, const NormGeom&, View x, MutView mean, MutView var);
// act is identity, relu, leaky_relu, tanh or sigmoid. residual: absent or x's shape. y
// [pad.padded(x)]: the border for the next convolution is written in the same pass. Without a
// border y may be x (in place).
using NormApply = void(const Exec&, const NormGeom&, View x, View mean, View var, View gamma, View beta,
                       Unary act, double alpha, View residual, const PadGeom& pad, MutView y);
// Given dy, the gradient of the *activated* output before the residual: dx = the gradient of x,
// through the statistics as well unless fixed_stats (running statistics at inference). dgamma and
// dbeta [c], absent or written as stated. The pre-activation is recomputed from x.
using NormBackward = void(const Exec&, const NormGeom&, View x, View mean, View var, View gamma, View beta,
                          Unary act, double alpha, bool fixed_stats, View dy, MutView dx, MutView dgamma,
                          Write dgamma_write, MutView dbeta, Write dbeta_write);
// running = keep * running + (1 - keep) * new, with the unbiased variance (count / (count - 1)).
// PyTorch's momentum is 1 - keep. Batch norm only.
using NormRunning = void(const Exec&, const NormGeom&, View mean, View var, double keep, MutView running_mean,
                         MutView running_var);

namespace ref {
NormStats norm_stats;
NormApply norm_apply;
NormBackward norm_backward;
NormRunning norm_running;
}  // namespace ref
namespace cpu {
NormStats norm_stats;
NormApply norm_apply;
NormBackward norm_backward;
NormRunning norm_running;
}  // namespace cpu
namespace cuda {
NormStats norm_stats;
NormApply norm_apply;
NormBackward norm_backward;
NormRunning norm_running;
}  // namespace cuda

inline void check_norm(const char* kernel, const Exec& e, const NormGeom& g, View x, View mean, View var,
                       View gamma, View beta, View other) {
  check_on_device(kernel, e, {x, mean, var, gamma, beta, other});
  check_same_dtype(kernel, {x, other});
  check_shape(kernel, "x", x.shape, g.x);
  check_shape(kernel, "mean", mean.shape, g.stat_shape());
  check_shape(kernel, "var", var.shape, g.stat_shape());
  const DType wide = NormGeom::vector_dtype(x.dtype);
  for (const View& v : {mean, var, gamma, beta})
    if (v && v.dtype != wide)
      fail(kernel, std::string("statistics and parameters are ") + name_of(v.dtype) + ", but " +
                       name_of(wide) + " was expected beside an x of " + name_of(x.dtype));
  if (gamma) check_shape(kernel, "gamma", gamma.shape, Shape::vector(g.x.c));
  if (beta) check_shape(kernel, "beta", beta.shape, Shape::vector(g.x.c));
  if (other) check_shape(kernel, "an operand", other.shape, g.x);
  if (g.groups < 0 || (g.groups > 0 && g.x.c % g.groups != 0))
    fail(kernel, std::to_string(g.groups) + " groups do not divide " + std::to_string(g.x.c) + " channels");
}

inline void norm_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  check_norm("norm_stats", e, g, x, mean, var, {}, {}, {});
  on_device(
      "norm_stats", e, [&] { ref::norm_stats(e, g, x, mean, var); },
      [&] { cpu::norm_stats(e, g, x, mean, var); }, [&] { cuda::norm_stats(e, g, x, mean, var); });
}
inline void norm_apply(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                       Unary act, double alpha, View residual, MutView y, const PadGeom& pad = {}) {
  check_norm("norm_apply", e, g, x, mean, var, gamma, beta, residual);
  check_on_device("norm_apply", e, {y});
  check_same_dtype("norm_apply", {x, y});
  pad.check("norm_apply", x.shape);
  check_shape("norm_apply", "y", y.shape, pad.padded(x.shape));
  on_device(
      "norm_apply", e,
      [&] { ref::norm_apply(e, g, x, mean, var, gamma, beta, act, alpha, residual, pad, y); },
      [&] { cpu::norm_apply(e, g, x, mean, var, gamma, beta, act, alpha, residual, pad, y); },
      [&] { cuda::norm_apply(e, g, x, mean, var, gamma, beta, act, alpha, residual, pad, y); });
}
inline void norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma,
                          View beta, Unary act, double alpha, bool fixed_stats, View dy, MutView dx,
                          MutView dgamma, Write dgamma_write, MutView dbeta, Write dbeta_write) {
  check_norm("norm_backward", e, g, x, mean, var, gamma, beta, dy);
  check_norm("norm_backward", e, g, x, mean, var, dgamma, dbeta, dx);
  on_device(
      "norm_backward", e,
      [&] {
        ref::norm_backward(e, g, x, mean, var, gamma, beta, act, alpha, fixed_stats, dy, dx, dgamma,
                           dgamma_write, dbeta, dbeta_write);
      },
      [&] {
        cpu::norm_backward(e, g, x, mean, var, gamma, beta, act, alpha, fixed_stats, dy, dx, dgamma,
                           dgamma_write, dbeta, dbeta_write);
      },
      [&] {
        cuda::norm_backward(e, g, x, mean, var, gamma, beta, act, alpha, fixed_stats, dy, dx, dgamma,
                            dgamma_write, dbeta, dbeta_write);
      });
}
inline void norm_running(const Exec& e, const NormGeom& g, View mean, View var, double keep,
                         MutView running_mean, MutView running_var) {
  if (!g.is_batch()) fail("norm_running", "only batch norm keeps running statistics");
  check_on_device("norm_running", e, {mean, var, running_mean, running_var});
  check_same_dtype("norm_running", {mean, var, running_mean, running_var});
  if (mean.dtype == DType::bf16) fail("norm_running", "statistics are never bf16; keep them in f32");
  on_device(
      "norm_running", e, [&] { ref::norm_running(e, g, mean, var, keep, running_mean, running_var); },
      [&] { cpu::norm_running(e, g, mean, var, keep, running_mean, running_var); },
      [&] { cuda::norm_running(e, g, mean, var, keep, running_mean, running_var); });
}

}  // namespace sumi::kernels
