// Ops that move elements: reshape, concat, slice and its gradient scatter_slice.
#include <fmt/format.h>

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"
#include "kernels/elementwise.h"

namespace sumi {
namespace {

void check_box(const char* op, const Shape& at, const Shape& extent, const Shape& of) {
  for (int i = 0; i < 4; ++i)
    if (at[i] < 0 || extent[i] < 0 || at[i] + extent[i] > of[i])
      fail(op, fmt::format("a box of {} at {} lies outside {}", extent.str(), at.str(), of.str()));
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  const Tensor y = x.view_as(shape);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::reshape}, {x}, y);
  return record("reshape", {x}, y,
                [xs = x.shape()](const Tensor& dy, Grads& g) { g.put(0, reshape(dy, xs)); });
}

Tensor concat(const std::vector<Tensor>& xs, int axis) {
  if (xs.empty() || axis < 0 || axis > 3) fail("concat", "needs at least one tensor and an axis from 0 to 3");
  Shape shape = xs[0].shape();
  shape[axis] = 0;
  for (const Tensor& x : xs) {
    for (int i = 0; i < 4; ++i)
      if (i != axis && x.shape()[i] != shape[i])
        fail("concat",
             fmt::format("{} and {} differ outside axis {}", xs[0].shape().str(), x.shape().str(), axis));
    shape[axis] += x.shape()[axis];
  }
  const ProgramScope scope;
  Op op("concat", {xs[0]});
  op.reads(xs);
  Tensor y = Tensor::empty(shape, xs[0].dtype(), xs[0].device());
  std::vector<std::pair<Shape, Shape>> boxes;  // position of each x in y
  Shape at{0, 0, 0, 0};
  for (const Tensor& x : xs) {
    kernels::copy_box(exec_on(x.device()), x.view(), {0, 0, 0, 0}, y.mutable_view(), at, x.shape(),
                      Write::overwrite);
    boxes.emplace_back(at, x.shape());
    at[axis] += x.shape()[axis];
  }
  op.done(y);
  if (ProgramRecorder* const program = scope.recorder(); program && axis == 3)
    program->add({.kind = ProgramOp::Kind::concat}, xs, y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::concat, .axis = axis}, xs, y);
  return record("concat", xs, y, [boxes](const Tensor& dy, Grads& g) {
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (g.wants(static_cast<int>(i)))
        g.put(static_cast<int>(i), slice(dy, boxes[i].first, boxes[i].second));
  });
}

Tensor slice(const Tensor& x, const Shape& at, const Shape& extent) {
  Op op("slice", {x});
  check_box("slice", at, extent, x.shape());
  Tensor y = Tensor::empty(extent, x.dtype(), x.device());
  kernels::copy_box(exec_on(x.device()), x.view(), at, y.mutable_view(), {0, 0, 0, 0}, extent,
                    Write::overwrite);
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::slice, .at = at}, {x}, y);
  return record("slice", {x}, y,
                [xs = x.shape(), at](const Tensor& dy, Grads& g) { g.put(0, scatter_slice(dy, xs, at)); });
}

Tensor scatter_slice(const Tensor& x, const Shape& shape, const Shape& at) {
  Op op("scatter_slice", {x});
  check_box("scatter_slice", at, x.shape(), shape);
  Tensor y = Tensor::zeros(shape, x.dtype(), x.device());
  kernels::copy_box(exec_on(x.device()), x.view(), {0, 0, 0, 0}, y.mutable_view(), at, x.shape(),
                    Write::overwrite);
  op.done(y);
  return record("scatter_slice", {x}, y,
                [xs = x.shape(), at](const Tensor& dy, Grads& g) { g.put(0, slice(dy, at, xs)); });
}

}  // namespace sumi
