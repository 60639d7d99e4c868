// Softmax over the channels, and the cross-entropy of class logits.
#include "kernels/softmax.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/ops/loss_record.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

// One value for each pixel.
Shape pixels(const Tensor& x) {
  return {x.shape().n, x.shape().h, x.shape().w, 1};
}

Tensor softmax_grad(const Tensor& y, const Tensor& dy) {
  Op op("softmax_grad", {y, dy});
  Tensor dx = Tensor::empty_like(y);
  kernels::softmax_grad(exec_on(y.device()), y.view(), dy.view(), dx.mutable_view(), Write::overwrite);
  op.done(dx);
  return dx;
}

// The gradient as a composition; y is on the tape, so its dependence on x is included.
Tensor softmax_grad_composition(const Tensor& y, const Tensor& dy) {
  return mul(y, sub(dy, sum_to(mul(y, dy), pixels(y))));
}

// The gradient of the logits as a differentiable function of them.
Tensor cross_entropy_grad_composition(const Tensor& x, const Tensor& target, const Tensor& dy) {
  const double rows = static_cast<double>(pixels(x).count());
  return mul(affine(sub(mul(softmax(x), sum_to(target, pixels(x))), target), 1 / rows), dy);
}

}  // namespace

Tensor softmax(const Tensor& x) {
  Op op("softmax", {x});
  Tensor y = Tensor::empty_like(x);
  kernels::softmax(exec_on(x.device()), x.view(), y.mutable_view());
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::softmax}, {x}, y);
  return record("softmax", {x}, y, [y](const Tensor& dy, Grads& g) {
    g.put(0, Tape::recording() ? softmax_grad_composition(y, dy) : softmax_grad(y, dy));
  });
}

Tensor cross_entropy(const Tensor& x, const Tensor& target) {
  if (target.requires_grad()) fail("cross_entropy", "has no gradient for its target; detach it");
  Op op("cross_entropy", {x, target});
  const Tensor y = room_for_loss(x), dx = room_for_grad({x}, x);  // both in one pass over x
  kernels::cross_entropy(exec_on(x.device()), x.view(), target.view(), y.mutable_view(), dx.mutable_view());
  op.done(y);
  return record("cross_entropy", {x}, y, [x, target, dx](const Tensor& dy, Grads& g) {
    g.put(0, Tape::recording() ? cross_entropy_grad_composition(x, target, dy) : mul(dx, dy));
  });
}

}  // namespace sumi
