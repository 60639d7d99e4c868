// Matrix products. The gradient of a product is a product, so all derivatives are here.
#include <fmt/format.h>

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "kernels/gemm.h"

namespace sumi {
namespace {

using kernels::GemmGeom;

// A tensor viewed as a batch of matrices: [rows,1,1,cols] is one, [n,rows,1,cols] are n.
struct Mat {
  std::int64_t batch, rows, cols;
};
Mat mat(const Shape& s, bool batched) {
  return batched ? Mat{s.n, s.h * s.w, s.c} : Mat{1, s.n * s.h * s.w, s.c};
}
Shape shape_of(const Mat& m, bool batched) {
  return batched ? Shape{m.batch, m.rows, 1, m.cols} : Shape::matrix(m.rows, m.cols);
}

Tensor product(const char* name, bool batched, const Tensor& a, bool ta, const Tensor& b, bool tb,
               const Tensor& bias, const GradDest& dest = {}) {
  const Mat ma = mat(a.shape(), batched), mb = mat(b.shape(), batched);
  GemmGeom g;
  g.batch = g.a_batch = g.b_batch = ma.batch;
  g.trans_a = ta;
  g.trans_b = tb;
  g.m = ta ? ma.cols : ma.rows;
  g.k = ta ? ma.rows : ma.cols;
  g.n = tb ? mb.rows : mb.cols;
  if (ma.batch != mb.batch || g.k != (tb ? mb.cols : mb.rows))
    fail(name, fmt::format("a {}{} and b {}{} do not multiply", a.shape().str(), ta ? " transposed" : "",
                           b.shape().str(), tb ? " transposed" : ""));
  Op op(name, {a, b});
  Tensor y = dest.target(shape_of({ma.batch, g.m, g.n}, batched), a.dtype(), a.device());
  kernels::gemm(exec_on(a.device()), g, a.view(), b.view(), bias.view(), y.mutable_view(), dest.write);
  op.done(y);
  return record(name, {a, b, bias}, y, [name, batched, a, ta, b, tb, bias](const Tensor& dy, Grads& grads) {
    if (grads.wants(0)) {
      const GradDest into = grads.dest(0);
      const Tensor da = ta ? product(name, batched, b, tb, dy, true, {}, into)
                           : product(name, batched, dy, false, b, !tb, {}, into);
      grads.put(0, da.shape() == a.shape() ? da : reshape(da, a.shape()));
    }
    if (grads.wants(1)) {
      const GradDest into = grads.dest(1);
      const Tensor db = tb ? product(name, batched, dy, true, a, ta, {}, into)
                           : product(name, batched, a, !ta, dy, false, {}, into);
      grads.put(1, db.shape() == b.shape() ? db : reshape(db, b.shape()));
    }
    if (grads.wants(2)) grads.put(2, sum_to(dy, bias.shape(), 1, grads.dest(2)));
  });
}

// Of a matrix [rows,1,1,cols], outside autograd.
Tensor transposed(const Tensor& x) {
  const Shape s = x.shape();
  const std::vector<double> values = x.to_vector<double>();
  std::vector<double> result(values.size());
  for (std::int64_t i = 0; i < s.n; ++i)
    for (std::int64_t k = 0; k < s.c; ++k)
      result[static_cast<std::size_t>(k * s.n + i)] = values[static_cast<std::size_t>(i * s.c + k)];
  return Tensor::from(result, Shape::matrix(s.c, s.n), x.dtype(), x.device());
}

void check_matrix(const char* op, const Tensor& x) {
  if (x.shape().h != 1 || x.shape().w != 1)
    fail(op, x.shape().str() + " is not a matrix [rows,1,1,cols]; reshape it first");
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool trans_a, bool trans_b) {
  check_matrix("matmul", a);
  check_matrix("matmul", b);
  const Tensor y = product("matmul", false, a, trans_a, b, trans_b, {});
  if (GraphRecorder* const graph = GraphRecorder::current(); graph && !trans_a)
    graph->add({.kind = GraphNode::Kind::dense}, {a, trans_b ? b : transposed(b), {}}, y);
  return y;
}

Tensor batched_matmul(const Tensor& a, const Tensor& b, bool trans_a, bool trans_b) {
  return product("batched_matmul", true, a, trans_a, b, trans_b, {});
}

Tensor gram_matrix(const Tensor& x, double divisor) {
  const Shape& s = x.shape();
  if (divisor < 0) fail("gram_matrix", fmt::format("the divisor {} is negative", divisor));
  const double by = divisor > 0 ? divisor : static_cast<double>(s.h * s.w * s.c);
  return affine(batched_matmul(x, x, /*trans_a=*/true), 1 / by);
}

Tensor dense(const Tensor& x, const Tensor& w, const Tensor& bias) {
  check_matrix("dense", x);
  check_matrix("dense", w);
  if (x.shape().c != w.shape().c)
    fail("dense", fmt::format("weight {} (out x 1 x 1 x in) expects {} inputs, but x {} has {}",
                              w.shape().str(), w.shape().c, x.shape().str(), x.shape().c));
  const Tensor y = product("dense", false, x, false, w, true, bias);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::dense}, {x, w, bias}, y);
  return y;
}

Tensor dense_weight_grad(const Tensor& x, const Tensor& dy, const GradDest& dest) {
  return product("dense_weight_grad", false, dy, true, x, false, {}, dest);
}

}  // namespace sumi
