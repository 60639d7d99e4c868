// Color space conversions.
#include "kernels/color.h"

#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

// YUV is a matrix times RGB plus a shift; this applies the matrix alone.
Tensor without_shift(Color c, const Tensor& x) {
  return sub(convert_color(c, x), convert_color(c, Tensor::zeros({1, 1, 1, 3}, x.dtype(), x.device())));
}

}  // namespace

Tensor convert_color(Color c, const Tensor& x) {
  Op op(kernels::name_of(c), {x});
  Tensor y = Tensor::empty_like(x);
  kernels::convert_color(exec_on(x.device()), c, x.view(), y.mutable_view());
  op.done(y);
  return record(op.name(), {x}, y,
                [c, x](const Tensor& dy, Grads& g) { g.put(0, convert_color_grad(c, x, dy)); });
}

Tensor convert_color_grad(Color c, const Tensor& x, const Tensor& dy) {
  Op op("convert_color_grad", {x, dy});
  Tensor dx = Tensor::empty_like(x);
  kernels::convert_color_grad(exec_on(x.device()), c, x.view(), dy.view(), dx.mutable_view(),
                              Write::overwrite);
  op.done(dx);
  if (!would_record({x, dy})) return dx;
  if (c == Color::rgb_to_lab || c == Color::lab_to_rgb)
    fail(kernels::name_of(c), "has no second derivative; detach its input or do without create_graph");
  return record("convert_color_grad", {dy}, dx,
                [c](const Tensor& ddx, Grads& g) { g.put(0, without_shift(c, ddx)); });
}

}  // namespace sumi
