// Softmax over channels, and the cross-entropy of class logits.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// y = exp(x - m) / (sum over c of exp(x - m)), where m is the largest x of the pixel, so that
// nothing overflows. Same shape; y may be x (in place).
using Softmax = void(const Exec&, View x, MutView y);
// dx (+)= y (dy - sum over c of y dy), given y = softmax(x). dx may be dy (in place).
using SoftmaxGrad = void(const Exec&, View y, View dy, MutView dx, Write);
// The cross-entropy of logits x [n,h,w,c] and class probabilities t of the same shape, and its
// gradient, in one pass over x:
//   y[1] = mean over the n h w pixels of -(sum over c of t log softmax(x))
//   dx   = (softmax(x) (sum over c of t) - t) / (n h w), the derivative of y[1]; absent if not requested
// A row of t is one-hot for a class, or any weights (smoothed labels). Targets are probabilities
// instead of indices because bf16 cannot represent every integer above 256. Where a weight is 0 the
// logit may be minus infinity.
using CrossEntropy = void(const Exec&, View x, View t, MutView y, MutView dx);

namespace ref {
Softmax softmax;
SoftmaxGrad softmax_grad;
CrossEntropy cross_entropy;
}  // namespace ref
namespace cpu {
Softmax softmax;
SoftmaxGrad softmax_grad;
CrossEntropy cross_entropy;
}  // namespace cpu
namespace cuda {
Softmax softmax;
SoftmaxGrad softmax_grad;
CrossEntropy cross_entropy;
}  // namespace cuda

inline void softmax(const Exec& e, View x, MutView y) {
  check_on_device("softmax", e, {x, y});
  check_same_dtype("softmax", {x, y});
  check_shape("softmax", "y", y.shape, x.shape);
  on_device(
      "softmax", e, [&] { ref::softmax(e, x, y); }, [&] { cpu::softmax(e, x, y); },
      [&] { cuda::softmax(e, x, y); });
}
inline void softmax_grad(const Exec& e, View y, View dy, MutView dx, Write write) {
  check_on_device("softmax_grad", e, {y, dy, dx});
  check_same_dtype("softmax_grad", {y, dy, dx});
  for (const View& v : {dy, View(dx)}) check_shape("softmax_grad", "operand", v.shape, y.shape);
  on_device(
      "softmax_grad", e, [&] { ref::softmax_grad(e, y, dy, dx, write); },
      [&] { cpu::softmax_grad(e, y, dy, dx, write); }, [&] { cuda::softmax_grad(e, y, dy, dx, write); });
}
inline void cross_entropy(const Exec& e, View x, View t, MutView y, MutView dx) {
  check_on_device("cross_entropy", e, {x, t, y, dx});
  check_same_dtype("cross_entropy", {x, t, y, dx});
  check_shape("cross_entropy", "target", t.shape, x.shape);
  check_shape("cross_entropy", "y", y.shape, Shape::scalar());
  if (dx) check_shape("cross_entropy", "dx", dx.shape, x.shape);
  if (x.count() == 0) fail("cross_entropy", x.shape.str() + " has no element");
  on_device(
      "cross_entropy", e, [&] { ref::cross_entropy(e, x, t, y, dx); },
      [&] { cpu::cross_entropy(e, x, t, y, dx); }, [&] { cuda::cross_entropy(e, x, t, y, dx); });
}

}  // namespace sumi::kernels
