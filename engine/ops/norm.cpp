// Batch, instance, layer and group norm: one fused op, and its composition for second derivatives.
#include "kernels/norm.h"

#include <fmt/format.h>

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/ops/composed.h"
#include "engine/ops/norm_parts.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"

namespace sumi {

Tensor norm_composition(const Tensor& given, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                        const NormState& fixed) {
  const Tensor x = cast(given, kernels::NormGeom::vector_dtype(given.dtype()));
  const Shape xs = x.shape();
  Tensor hat;
  if (fixed.fixed) {
    const Tensor rstd = reciprocal(sqrt(affine(fixed.var, 1, o.eps)));
    hat = mul(sub(x, fixed.mean), rstd);
  } else {
    // Groups become an axis: [n, h w, groups, c / groups].
    const Shape grouped = o.groups == 0 ? xs : Shape{xs.n, xs.h * xs.w, o.groups, xs.c / o.groups};
    const Shape stat = o.groups == 0 ? Shape::vector(xs.c) : Shape{xs.n, 1, o.groups, 1};
    const double scale = static_cast<double>(stat.count()) / static_cast<double>(xs.count());
    const Tensor xg = reshape(x, grouped);
    const Tensor centered = sub(xg, sum_to(xg, stat, scale));
    const Tensor var = sum_to(square(centered), stat, scale);
    hat = reshape(mul(centered, reciprocal(sqrt(affine(var, 1, o.eps)))), xs);
  }
  if (gamma) hat = mul(hat, gamma);
  if (beta) hat = add(hat, beta);
  return cast(o.act == Unary::identity ? hat : unary(o.act, hat, o.alpha), given.dtype());
}

kernels::NormGeom norm_geom(const Shape& x, const NormOptions& o) {
  if (o.groups < 0 || (o.groups > 0 && x.c % o.groups != 0))
    fail("norm", fmt::format("{} groups do not divide the {} channels of x {}", o.groups, x.c, x.str()));
  return {x, o.groups, o.eps};
}

NormState norm_statistics(const Tensor& x, const NormOptions& o, const RunningStats* running, bool training) {
  if (running && !training) return {running->mean, running->var, true};
  const kernels::NormGeom geom = norm_geom(x.shape(), o);
  const std::int64_t covered = geom.stat_count();
  if (running && covered < 2)
    fail("batch_norm",
         fmt::format("x {} gives one value per channel; training needs more (a larger --batch-size)",
                     x.shape().str()));
  const Exec& exec = exec_on(x.device());
  const DType wide = kernels::NormGeom::vector_dtype(x.dtype());
  NormState s{Tensor::empty(geom.stat_shape(), wide, x.device()),
              Tensor::empty(geom.stat_shape(), wide, x.device()), false};
  kernels::norm_stats(exec, geom, x.view(), s.mean.mutable_view(), s.var.mutable_view());
  if (running)
    kernels::norm_running(exec, geom, s.mean.view(), s.var.view(), running->decay,
                          running->mean.mutable_view(), running->var.mutable_view());
  return s;
}

Tensor norm_input_grad(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                       const NormState& s, const Tensor& dy, Grads& grads, int gamma_at, int beta_at) {
  Op op("norm_grad", {x, dy});
  Tensor dx = Tensor::empty_like(x);
  Tensor dgamma, dbeta;
  GradDest gamma_dest, beta_dest;
  if (gamma && grads.wants(gamma_at)) {
    gamma_dest = grads.dest(gamma_at);
    dgamma = gamma_dest.target(gamma.shape(), gamma.dtype(), x.device());
  }
  if (beta && grads.wants(beta_at)) {
    beta_dest = grads.dest(beta_at);
    dbeta = beta_dest.target(beta.shape(), beta.dtype(), x.device());
  }
  kernels::norm_backward(exec_on(x.device()), norm_geom(x.shape(), o), x.view(), s.mean.view(), s.var.view(),
                         gamma.view(), beta.view(), o.act, o.alpha, s.fixed, dy.view(), dx.mutable_view(),
                         dgamma.mutable_view(), gamma_dest.write, dbeta.mutable_view(), beta_dest.write);
  op.done(dx);
  if (dgamma) grads.put(gamma_at, dgamma);
  if (dbeta) grads.put(beta_at, dbeta);
  return dx;
}

Tensor normalize(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                 const RunningStats* running, bool training) {
  const ProgramScope scope;
  Op op("norm", {x});
  const NormState s = norm_statistics(x, o, running, training);
  Tensor y = Tensor::empty_like(x);
  kernels::norm_apply(exec_on(x.device()), norm_geom(x.shape(), o), x.view(), s.mean.view(), s.var.view(),
                      gamma.view(), beta.view(), o.act, o.alpha, {}, y.mutable_view());
  op.done(y);
  if (ProgramRecorder* const program = scope.recorder()) {
    ProgramOp step{.kind = ProgramOp::Kind::norm, .gamma = gamma, .beta = beta, .norm = o};
    if (s.fixed) step.fixed = {s.mean, s.var, 0};
    program->add(std::move(step), {x}, y);
  }
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add({.kind = GraphNode::Kind::norm, .norm = o},
               {x, gamma, beta, s.fixed ? s.mean : Tensor(), s.fixed ? s.var : Tensor()}, y.shape(),
               {.kind = GraphNode::Kind::unary, .act = o.act, .alpha = o.alpha}, y);
  return record("norm", {x, gamma, beta}, y, [x, gamma, beta, o, s](const Tensor& dy, Grads& g) {
    if (Tape::recording())
      return grads_through_composition({x, gamma, beta}, dy, g,
                                       [&] { return norm_composition(x, gamma, beta, o, s); });
    g.put(0, norm_input_grad(x, gamma, beta, o, s, dy, g, 1, 2));
  });
}

Tensor batch_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  return normalize(x, gamma, beta, {0, eps});
}
Tensor instance_norm(const Tensor& x, double eps) {
  return normalize(x, {}, {}, {x.shape().c, eps});
}
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  return normalize(x, gamma, beta, {1, eps});
}
Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& gamma, const Tensor& beta, double eps) {
  return normalize(x, gamma, beta, {groups, eps});
}

}  // namespace sumi
