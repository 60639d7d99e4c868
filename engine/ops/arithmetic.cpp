// Arithmetic with broadcasting.
#include <fmt/format.h>

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"
#include "kernels/elementwise.h"

namespace sumi {
namespace {

using kernels::Binary;

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  Shape y;
  for (int i = 0; i < 4; ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1) fail(op, a.str() + " and " + b.str() + " do not broadcast");
    y[i] = a[i] == 1 ? b[i] : a[i];
  }
  return y;
}

GraphNode::Kind graph_kind(Binary f) {
  switch (f) {
    case Binary::add:
      return GraphNode::Kind::add;
    case Binary::sub:
      return GraphNode::Kind::sub;
    case Binary::mul:
      return GraphNode::Kind::mul;
    default:
      return GraphNode::Kind::div;
  }
}

Tensor binary(Binary f, const Tensor& a, const Tensor& b, Backward backward) {
  Op op(kernels::name_of(f), {a, b});
  Tensor y = Tensor::empty(broadcast_shape(op.name(), a.shape(), b.shape()), a.dtype(), a.device());
  kernels::binary(exec_on(a.device()), f, a.view(), b.view(), y.mutable_view(), Write::overwrite);
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current()) graph->add({.kind = graph_kind(f)}, {a, b}, y);
  return record(op.name(), {a, b}, y, std::move(backward));
}

// The gradient of broadcasting: sums over the repeated axes.
Tensor unbroadcast(const Tensor& g, const Shape& shape) {
  return g.shape() == shape ? g : sum_to(g, shape);
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const ProgramScope scope;
  Tensor y = binary(Binary::add, a, b, [sa = a.shape(), sb = b.shape()](const Tensor& dy, Grads& g) {
    if (g.wants(0)) g.put(0, unbroadcast(dy, sa));
    if (g.wants(1)) g.put(1, unbroadcast(dy, sb));
  });
  if (ProgramRecorder* const program = scope.recorder(); program && a.shape() == b.shape())
    program->add({.kind = ProgramOp::Kind::add}, {a, b}, y);
  return y;
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return binary(Binary::sub, a, b, [sa = a.shape(), sb = b.shape()](const Tensor& dy, Grads& g) {
    if (g.wants(0)) g.put(0, unbroadcast(dy, sa));
    if (g.wants(1)) g.put(1, unbroadcast(affine(dy, -1), sb));
  });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return binary(Binary::mul, a, b, [a, b](const Tensor& dy, Grads& g) {
    if (g.wants(0)) g.put(0, unbroadcast(mul(dy, b), a.shape()));
    if (g.wants(1)) g.put(1, unbroadcast(mul(dy, a), b.shape()));
  });
}

Tensor div(const Tensor& a, const Tensor& b) {
  return binary(Binary::div, a, b, [a, b](const Tensor& dy, Grads& g) {
    if (g.wants(0)) g.put(0, unbroadcast(div(dy, b), a.shape()));
    if (g.wants(1)) g.put(1, unbroadcast(affine(div(mul(dy, a), square(b)), -1), b.shape()));
  });
}

Tensor affine(const Tensor& x, double scale, double shift) {
  Op op("affine", {x});
  Tensor y = Tensor::empty_like(x);
  kernels::affine(exec_on(x.device()), x.view(), scale, shift, y.mutable_view(), Write::overwrite);
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::affine, .scale = scale, .shift = shift}, {x}, y);
  return record("affine", {x}, y, [scale](const Tensor& dy, Grads& g) { g.put(0, affine(dy, scale)); });
}

}  // namespace sumi
