// Conversions between colour spaces.
#include "kernels/colour.h"

#include "engine/device.h"
#include "engine/ops.h"
#include "engine/trace.h"

namespace sumi {
namespace {

// YUV is RGB times a matrix, plus a shift; this is the matrix alone.
Tensor without_shift(Colour c, const Tensor& x) {
  return sub(convert_colour(c, x), convert_colour(c, Tensor::zeros({1, 1, 1, 3}, x.dtype(), x.device())));
}

}  // namespace

Tensor convert_colour(Colour c, const Tensor& x) {
  Op op(kernels::name_of(c), {x});
  Tensor y = Tensor::empty_like(x);
  kernels::convert_colour(exec_on(x.device()), c, x.view(), y.mut());
  op.done(y);
  return record(op.name(), {x}, y,
                [c, x](const Tensor& dy, Grads& g) { g.put(0, convert_colour_grad(c, x, dy)); });
}

Tensor convert_colour_grad(Colour c, const Tensor& x, const Tensor& dy) {
  Op op("convert_colour_grad", {x, dy});
  Tensor dx = Tensor::empty_like(x);
  kernels::convert_colour_grad(exec_on(x.device()), c, x.view(), dy.view(), dx.mut(), Write::overwrite);
  op.done(dx);
  if (!would_record({x, dy})) return dx;
  if (c == Colour::rgb_to_lab || c == Colour::lab_to_rgb)
    fail(kernels::name_of(c), "has no second derivative; detach its input or do without create_graph");
  return record("convert_colour_grad", {dy}, dx,
                [c](const Tensor& ddx, Grads& g) { g.put(0, without_shift(c, ddx)); });
}

}  // namespace sumi
