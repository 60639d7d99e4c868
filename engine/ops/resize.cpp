// Resizing and its gradient: two linear maps, each the gradient of the other.
#include "kernels/resize.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"

namespace sumi {

Tensor resize2d(const Tensor& x, std::int64_t h, std::int64_t w, const ResizeGeom& geom, const PadGeom& pad) {
  const ProgramScope scope;
  Op op("resize2d", {x});
  const Shape inner{x.shape().n, h, w, x.shape().c};
  Tensor y = Tensor::empty(pad.padded(inner), x.dtype(), x.device());
  kernels::resize(exec_on(x.device()), geom, x.view(), y.mutable_view(), pad);
  op.done(y);
  if (ProgramRecorder* const program = scope.recorder()) program->resized(x, h, w, geom, pad, y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::resize, .resize = geom}, {x}, inner,
               {.kind = GraphNode::Kind::pad, .pad = pad}, y);
  return record("resize2d", {x}, y, [geom, pad, inner, xs = x.shape()](const Tensor& dy, Grads& g) {
    g.put(0, resize2d_grad(pad.any() ? pad2d_grad(dy, pad, inner) : dy, xs, geom));
  });
}

Tensor resize2d_grad(const Tensor& dy, const Shape& x_shape, const ResizeGeom& geom) {
  Op op("resize2d_grad", {dy});
  Tensor dx = Tensor::empty(x_shape, dy.dtype(), dy.device());
  kernels::resize_grad(exec_on(dy.device()), geom, dy.view(), dx.mutable_view(), Write::overwrite);
  op.done(dx);
  return record("resize2d_grad", {dy}, dx, [geom, ys = dy.shape()](const Tensor& ddx, Grads& g) {
    g.put(0, resize2d(ddx, ys.h, ys.w, geom));
  });
}

}  // namespace sumi
