// Padding and its gradient: two linear maps, each the gradient of the other.
#include "kernels/pad.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"

namespace sumi {

Tensor pad2d(const Tensor& x, const PadGeom& geom) {
  const ProgramScope scope;
  Op op("pad2d", {x});
  geom.check("pad2d", x.shape());
  Tensor y = Tensor::empty(geom.padded(x.shape()), x.dtype(), x.device());
  kernels::pad(exec_on(x.device()), geom, x.view(), y.mutable_view());
  op.done(y);
  if (ProgramRecorder* const program = scope.recorder())
    program->add({.kind = ProgramOp::Kind::pad, .pad = geom}, {x}, y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::pad, .pad = geom}, {x}, y);
  return record("pad2d", {x}, y,
                [geom, xs = x.shape()](const Tensor& dy, Grads& g) { g.put(0, pad2d_grad(dy, geom, xs)); });
}

Tensor pad2d_grad(const Tensor& dy, const PadGeom& geom, const Shape& x_shape) {
  Op op("pad2d_grad", {dy});
  Tensor dx = Tensor::empty(x_shape, dy.dtype(), dy.device());
  kernels::pad_grad(exec_on(dy.device()), geom, dy.view(), dx.mutable_view(), Write::overwrite);
  op.done(dx);
  return record("pad2d_grad", {dy}, dx, [geom](const Tensor& ddx, Grads& g) { g.put(0, pad2d(ddx, geom)); });
}

}  // namespace sumi
