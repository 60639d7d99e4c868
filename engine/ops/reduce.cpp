// Reductions over axes, and their counterpart, repetition along axes.
#include "kernels/reduce.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "kernels/elementwise.h"

namespace sumi {

Tensor sum_to(const Tensor& x, const Shape& shape, double scale, const GradDest& dest) {
  Op op("sum_to", {x});
  Tensor y = dest.target(shape, x.dtype(), x.device());
  kernels::sum_to(exec_on(x.device()), x.view(), scale, y.mutable_view(), dest.write);
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::sum, .scale = scale}, {x}, y);
  return record("sum_to", {x}, y, [xs = x.shape(), scale](const Tensor& dy, Grads& g) {
    g.put(0, broadcast_to(scale == 1 ? dy : affine(dy, scale), xs));
  });
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  Op op("broadcast_to", {x});
  if (!broadcasts_to(x.shape(), shape))
    fail(op.name(), x.shape().str() + " does not broadcast to " + shape.str());
  Tensor y = Tensor::empty(shape, x.dtype(), x.device());
  kernels::affine(exec_on(x.device()), x.view(), 1, 0, y.mutable_view(), Write::overwrite);
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::broadcast}, {x}, y);
  return record("broadcast_to", {x}, y,
                [xs = x.shape()](const Tensor& dy, Grads& g) { g.put(0, sum_to(dy, xs)); });
}

Tensor sum(const Tensor& x) {
  return sum_to(x, Shape::scalar());
}
Tensor mean(const Tensor& x) {
  return sum_to(x, Shape::scalar(), 1.0 / static_cast<double>(x.count()));
}

}  // namespace sumi
