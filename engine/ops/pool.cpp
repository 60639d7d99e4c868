// Pooling. Average pooling is linear. Maximum pooling selects elements at positions determined by x
// alone, so its gradient is linear in dy for fixed positions.
#include "kernels/pool.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

Tensor avg_pool2d_grad(const Tensor& dy, const PoolGeom& geom, const Shape& x_shape) {
  Op op("avg_pool2d_grad", {dy});
  Tensor dx = Tensor::empty(x_shape, dy.dtype(), dy.device());
  kernels::avg_pool_grad(exec_on(dy.device()), geom, dy.view(), dx.mutable_view(), Write::overwrite);
  op.done(dx);
  return record("avg_pool2d_grad", {dy}, dx,
                [geom](const Tensor& ddx, Grads& g) { g.put(0, avg_pool2d(ddx, geom)); });
}

Tensor max_pool2d_grad(const Tensor& x, const Tensor& dy, const PoolGeom& geom);

// v at the positions of x's maxima.
Tensor pick(const char* name, const Tensor& x, const Tensor& v, const PoolGeom& geom) {
  Op op(name, {x, v});
  geom.check(name, x.shape());
  Tensor y = Tensor::empty(geom.pooled(x.shape()), x.dtype(), x.device());
  kernels::max_pool_pick(exec_on(x.device()), geom, x.view(), v.view(), y.mutable_view());
  op.done(y);
  return record(name, {v}, y,
                [x, geom](const Tensor& dy, Grads& g) { g.put(0, max_pool2d_grad(x, dy, geom)); });
}

Tensor max_pool2d_grad(const Tensor& x, const Tensor& dy, const PoolGeom& geom) {
  Op op("max_pool2d_grad", {x, dy});
  Tensor dx = Tensor::empty_like(x);
  kernels::max_pool_grad(exec_on(x.device()), geom, x.view(), dy.view(), dx.mutable_view(), Write::overwrite);
  op.done(dx);
  return record("max_pool2d_grad", {dy}, dx,
                [x, geom](const Tensor& ddx, Grads& g) { g.put(0, pick("max_pool2d_pick", x, ddx, geom)); });
}

}  // namespace

Tensor avg_pool2d(const Tensor& x, const PoolGeom& geom) {
  Op op("avg_pool2d", {x});
  geom.check("avg_pool2d", x.shape());
  Tensor y = Tensor::empty(geom.pooled(x.shape()), x.dtype(), x.device());
  kernels::avg_pool(exec_on(x.device()), geom, x.view(), y.mutable_view());
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::avg_pool, .pool = geom}, {x}, y);
  return record("avg_pool2d", {x}, y, [geom, xs = x.shape()](const Tensor& dy, Grads& g) {
    g.put(0, avg_pool2d_grad(dy, geom, xs));
  });
}

Tensor max_pool2d(const Tensor& x, const PoolGeom& geom) {
  const Tensor y = pick("max_pool2d", x, x, geom);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::max_pool, .pool = geom}, {x}, y);
  return y;
}

}  // namespace sumi
