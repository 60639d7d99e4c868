// Convolution and transposed convolution. Forward, input gradient and weight gradient are three
// bilinear maps, and the derivatives of each are the other two: the family is closed, so
// derivatives of any order exist.
#include "kernels/conv.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {

namespace {

// Names of the three computations from the view of the op that the geometry belongs to.
const char* fprop_op(const ConvGeom& g) {
  return g.transposed ? "conv_transpose2d_input_grad" : "conv2d";
}
const char* dgrad_op(const ConvGeom& g) {
  return g.transposed ? "conv_transpose2d" : "conv2d_input_grad";
}
const char* wgrad_op(const ConvGeom& g) {
  return g.transposed ? "conv_transpose2d_weight_grad" : "conv2d_weight_grad";
}

}  // namespace

Tensor conv_fprop(const ConvGeom& g, const Tensor& x, const Tensor& w, const Tensor& bias) {
  Op op(fprop_op(g), {x, w});
  Tensor y = Tensor::empty(g.y_shape(), x.dtype(), x.device());
  kernels::conv_fprop(exec_on(x.device()), g, x.view(), w.view(), bias.view(), y.mutable_view());
  op.done(y);
  return record(op.name(), {x, w, bias}, y, [g, x, w, bias](const Tensor& dy, Grads& grads) {
    if (grads.wants(0)) grads.put(0, conv_dgrad(g, dy, w, {}));
    if (grads.wants(1)) grads.put(1, conv_wgrad(g, x, dy, grads.dest(1)));
    if (grads.wants(2)) grads.put(2, sum_to(dy, bias.shape(), 1, grads.dest(2)));
  });
}

Tensor conv_dgrad(const ConvGeom& g, const Tensor& dy, const Tensor& w, const Tensor& bias) {
  Op op(dgrad_op(g), {dy, w});
  Tensor dx = Tensor::empty(g.x_shape(), dy.dtype(), dy.device());
  kernels::conv_dgrad(exec_on(dy.device()), g, dy.view(), w.view(), bias.view(), dx.mutable_view());
  op.done(dx);
  return record(op.name(), {dy, w, bias}, dx, [g, dy, w, bias](const Tensor& ddx, Grads& grads) {
    if (grads.wants(0)) grads.put(0, conv_fprop(g, ddx, w, {}));
    if (grads.wants(1)) grads.put(1, conv_wgrad(g, ddx, dy, grads.dest(1)));
    if (grads.wants(2)) grads.put(2, sum_to(ddx, bias.shape(), 1, grads.dest(2)));
  });
}

Tensor conv_wgrad(const ConvGeom& g, const Tensor& x, const Tensor& dy, const GradDest& dest) {
  Op op(wgrad_op(g), {x, dy});
  Tensor dw = dest.target(g.w_shape(), x.dtype(), x.device());
  kernels::conv_wgrad(exec_on(x.device()), g, x.view(), dy.view(), dw.mutable_view(), dest.write);
  op.done(dw);
  return record(op.name(), {x, dy}, dw, [g, x, dy](const Tensor& ddw, Grads& grads) {
    if (grads.wants(0)) grads.put(0, conv_dgrad(g, dy, ddw, {}));
    if (grads.wants(1)) grads.put(1, conv_fprop(g, x, ddw, {}));
  });
}

Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) {
  const Tensor y = conv_fprop(ConvGeom::make("conv2d", x.shape(), w.shape(), o), x, w, bias);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::conv, .conv = o}, {x, w, bias}, y);
  return y;
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o,
                        int output_padding) {
  const Tensor y = conv_dgrad(
      ConvGeom::make_transpose("conv_transpose2d", x.shape(), w.shape(), o, output_padding), x, w, bias);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::conv_transpose, .conv = o, .output_padding = output_padding},
               {x, w, bias}, y);
  return y;
}

}  // namespace sumi
