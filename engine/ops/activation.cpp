// Functions of one operand. Their gradients have two implementations: one fused kernel, and a
// composition of ops for gradients that are differentiated themselves.
#include "kernels/activation.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"

namespace sumi {
namespace {

// f'(x) dy as a composition. y = f(x) is on the tape, so its dependence on x is included.
Tensor derivative(Unary f, double alpha, const Tensor& x, const Tensor& y, const Tensor& dy) {
  switch (f) {
    case Unary::identity:
      return dy;
    case Unary::tanh:
      return mul(dy, affine(square(y), -1, 1));
    case Unary::sigmoid:
      return mul(dy, mul(y, affine(y, -1, 1)));
    case Unary::softplus:
      return mul(dy, sigmoid(x));
    case Unary::exp:
      return mul(dy, y);
    case Unary::log:
      return div(dy, x);
    case Unary::sqrt:
      return div(dy, affine(y, 2));
    case Unary::square:
      return mul(dy, affine(x, 2));
    case Unary::reciprocal:
      return mul(dy, affine(square(y), -1));
    default:
      return unary_grad(f, alpha, x, y, dy);  // piecewise linear: relu, leaky_relu, abs, heaviside
  }
}

bool piecewise_linear(Unary f) {
  return f == Unary::identity || f == Unary::relu || f == Unary::leaky_relu || f == Unary::abs ||
         f == Unary::heaviside;
}

}  // namespace

Tensor unary(Unary f, const Tensor& x, double alpha) {
  const ProgramScope scope;
  Op op(kernels::name_of(f), {x});
  Tensor y = Tensor::empty_like(x);
  kernels::unary(exec_on(x.device()), f, alpha, x.view(), y.mutable_view());
  op.done(y);
  if (ProgramRecorder* const program = scope.recorder())
    program->add({.kind = ProgramOp::Kind::unary, .act = f, .alpha = alpha}, {x}, y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::unary, .act = f, .alpha = alpha}, {x}, y);
  if (!would_record({x})) return y;
  return record(op.name(), {x}, y, [f, alpha, x, y](const Tensor& dy, Grads& g) {
    g.put(0, Tape::recording() ? derivative(f, alpha, x, y, dy) : unary_grad(f, alpha, x, y, dy));
  });
}

Tensor unary_grad(Unary f, double alpha, const Tensor& x, const Tensor& y, const Tensor& dy) {
  Op op("unary_grad", {x, dy});
  Tensor dx = Tensor::empty_like(x);
  kernels::unary_grad(exec_on(x.device()), f, alpha, x.view(), y.view(), dy.view(), dx.mutable_view(),
                      Write::overwrite);
  op.done(dx);
  if (!would_record({x, dy})) return dx;
  if (!piecewise_linear(f))
    fail(kernels::name_of(f), "the fused gradient has no gradient of its own; differentiate the op instead");
  // Constant slope almost everywhere: linear in dy, independent of x.
  return record("unary_grad", {dy}, dx,
                [f, alpha, x, y](const Tensor& ddx, Grads& g) { g.put(0, unary_grad(f, alpha, x, y, ddx)); });
}

Tensor relu(const Tensor& x) {
  return unary(Unary::relu, x);
}
Tensor leaky_relu(const Tensor& x, double slope) {
  return unary(Unary::leaky_relu, x, slope);
}
Tensor tanh(const Tensor& x) {
  return unary(Unary::tanh, x);
}
Tensor sigmoid(const Tensor& x) {
  return unary(Unary::sigmoid, x);
}
Tensor softplus(const Tensor& x) {
  return unary(Unary::softplus, x);
}
Tensor exp(const Tensor& x) {
  return unary(Unary::exp, x);
}
Tensor log(const Tensor& x) {
  return unary(Unary::log, x);
}
Tensor sqrt(const Tensor& x) {
  return unary(Unary::sqrt, x);
}
Tensor square(const Tensor& x) {
  return unary(Unary::square, x);
}
Tensor abs(const Tensor& x) {
  return unary(Unary::abs, x);
}
Tensor reciprocal(const Tensor& x) {
  return unary(Unary::reciprocal, x);
}
Tensor heaviside(const Tensor& x) {
  return unary(Unary::heaviside, x);
}

}  // namespace sumi
