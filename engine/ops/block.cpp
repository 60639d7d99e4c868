// The block op: linear map, norm, activation, residual and padding in one pass, with one saved
// state.
#include <fmt/format.h>

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/ops/composed.h"
#include "engine/ops/norm_parts.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"
#include "kernels/gemm.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;

// The inputs of the recorded entry, in this order.
enum Input { kX, kW, kBias, kGamma, kBeta, kResidual };

// State for the backward pass: the linear map's raw output and the statistics, or without a norm
// the activated output.
struct State {
  Tensor raw, out;
  NormState norm;
};

NormOptions norm_options(const BlockOptions& o) {
  NormOptions n = o.norm;
  n.act = o.act;
  n.alpha = o.alpha;
  return n;
}

// Returns true if the norm cancels the bias: instance norm does, by its own statistics. (So does
// batch norm, but its running mean includes the bias.) The bias is then not added, and its gradient
// is exactly zero instead of accumulated rounding errors.
bool cancels_bias(const BlockParams& p, const BlockOptions& o) {
  const Shape& w = p.w.shape();
  const std::int64_t channels = o.map == MapKind::conv_transpose ? w.c * o.conv.groups : w.n;
  return p.bias && o.has_norm && !p.running && o.norm.groups == channels;
}

Tensor linear_map(const Tensor& x, const BlockParams& p, const BlockOptions& o) {
  switch (o.map) {
    case MapKind::conv:
      return conv2d(x, p.w, p.bias, o.conv);
    case MapKind::conv_transpose:
      return conv_transpose2d(x, p.w, p.bias, o.conv, o.output_padding);
    default:
      return dense(x, p.w, p.bias);
  }
}

// Passes the weight gradient that `compute(dest)` writes to input kW of g. The parameter may be
// wider than the operands (`dtype`). CUDA kernels then write their f32 sums to the parameter's
// gradient; elsewhere the gradient is rounded to the operands' type first.
template <class Compute>
void put_weight_grad(const Tensor& w, DType dtype, Grads& g, Compute&& compute) {
  const GradDest dest = g.dest(kW);
  if (w.dtype() == dtype || (dest.into && !w.device().on_host()))
    g.put(kW, compute(dest));
  else
    g.put(kW, cast(compute(GradDest{}), w.dtype(), dest));
}

// The gradient of a bias that the norm cancels is zero, and so is a parameter's place in its arena,
// which is zero from the start; who writes to the whole arena clears it
// (models/training/trainable_networks.cpp). Passing it on marks it as written.
Tensor zero_gradient(const Tensor& bias, const GradDest& dest) {
  return dest.into ? dest.into : Tensor::zeros(bias.shape(), bias.dtype(), bias.device());
}

// p: the operands; given: the parameters that they were made from.
void linear_backward(const Tensor& x, const BlockParams& p, const BlockParams& given, const BlockOptions& o,
                     const Tensor& dy, Grads& g) {
  if (o.map == MapKind::dense) {
    if (g.wants(kX)) g.put(kX, matmul(dy, p.w));
    if (g.wants(kW))
      g.put(kW, given.w.dtype() == x.dtype()
                    ? dense_weight_grad(x, dy, g.dest(kW))
                    : cast(dense_weight_grad(x, dy, {}), given.w.dtype(), g.dest(kW)));
  } else if (o.map == MapKind::conv) {
    const ConvGeom geom = ConvGeom::make("conv2d", x.shape(), p.w.shape(), o.conv);
    if (g.wants(kX)) g.put(kX, conv_dgrad(geom, dy, p.w, {}));
    if (g.wants(kW))
      put_weight_grad(given.w, x.dtype(), g,
                      [&](const GradDest& dest) { return conv_wgrad(geom, x, dy, dest); });
  } else {
    const ConvGeom geom =
        ConvGeom::make_transpose("conv_transpose2d", x.shape(), p.w.shape(), o.conv, o.output_padding);
    if (g.wants(kX)) g.put(kX, conv_fprop(geom, dy, p.w, {}));
    if (g.wants(kW))
      put_weight_grad(given.w, x.dtype(), g,
                      [&](const GradDest& dest) { return conv_wgrad(geom, dy, x, dest); });
  }
  if (!given.bias || !g.wants(kBias)) return;
  if (cancels_bias(given, o))
    g.put(kBias, zero_gradient(given.bias, g.dest(kBias)));
  else if (given.bias.dtype() == dy.dtype())
    g.put(kBias, sum_to(dy, given.bias.shape(), 1, g.dest(kBias)));
  else
    g.put(kBias, cast(sum_to(dy, given.bias.shape()), given.bias.dtype(), g.dest(kBias)));
}

void block_backward(const Tensor& x, const BlockParams& p, const BlockParams& given, const BlockOptions& o,
                    const State& s, Tensor dy, Grads& g) {
  if (o.next_pad.any()) dy = pad2d_grad(dy, o.next_pad, s.raw.shape());
  if (g.wants(kResidual)) g.put(kResidual, dy);
  Tensor draw;
  if (o.has_norm) {
    draw = norm_input_grad(s.raw, p.gamma, p.beta, norm_options(o), s.norm, dy, g, kGamma, kBeta);
  } else if (o.act == Unary::identity) {
    draw = dy;
  } else {
    draw = unary_grad(o.act, o.alpha, s.out, s.out, dy);
  }
  linear_backward(x, p, given, o, draw, g);
}

void check(const BlockOptions& o) {
  const bool known = o.act == Unary::identity || o.act == Unary::relu || o.act == Unary::leaky_relu ||
                     o.act == Unary::tanh || o.act == Unary::sigmoid;
  // The gradient is computed from the output alone, so the output must determine the slope.
  if (!known || (o.act == Unary::leaky_relu && o.alpha <= 0))
    fail("block",
         fmt::format("{} (alpha {}) is not an activation of blocks", kernels::name_of(o.act), o.alpha));
}

// The operands of the linear map have the activations' dtype; the norm's parameters keep theirs. A
// bias that the norm cancels is left out.
BlockParams multiplied_in(DType dtype, const BlockOptions& o, BlockParams p) {
  p.w = cast(p.w, dtype);
  p.bias = cancels_bias(p, o) ? Tensor() : cast(p.bias, dtype);
  return p;
}

}  // namespace

Tensor fused_block_composition(const Tensor& x, const BlockParams& params, const BlockOptions& o,
                               const Tensor& residual) {
  BlockParams p = params;
  p.w = cast(p.w, x.dtype());
  p.bias = cast(p.bias, x.dtype());
  Tensor y = linear_map(x, p, o);
  if (o.has_norm)
    y = normalize(y, p.gamma, p.beta, norm_options(o), p.running, p.training);
  else if (o.act != Unary::identity)
    y = unary(o.act, y, o.alpha);
  if (residual) y = add(y, residual);
  return o.next_pad.any() ? pad2d(y, o.next_pad) : y;
}

Tensor fused_block(const Tensor& x, const BlockParams& params, const BlockOptions& o,
                   const Tensor& residual) {
  check(o);
  const ProgramScope scope;
  const std::vector<Tensor> inputs{x, params.w, params.bias, params.gamma, params.beta, residual};
  const bool records = would_record(inputs);
  State s;
  Tensor y;
  BlockParams p;
  {
    const NoGrad no_grad;
    p = multiplied_in(x.dtype(), o, params);
    s.raw = linear_map(x, p, o);
    if (residual && !(residual.shape() == s.raw.shape()))
      fail("block", fmt::format("the residual {} must have the result's shape {}", residual.shape().str(),
                                s.raw.shape().str()));
    if (o.has_norm) {
      Op op("norm_act", {s.raw});
      op.reads({s.raw, residual});
      const NormOptions n = norm_options(o);
      s.norm = norm_statistics(s.raw, n, p.running, p.training);
      // If nothing is recorded the raw output is not needed again, and inference holds one tensor
      // less.
      y = o.next_pad.any() ? Tensor::empty(o.next_pad.padded(s.raw.shape()), x.dtype(), x.device())
          : records        ? Tensor::empty_like(s.raw)
                           : s.raw;
      kernels::norm_apply(exec_on(x.device()), norm_geom(s.raw.shape(), n), s.raw.view(), s.norm.mean.view(),
                          s.norm.var.view(), p.gamma.view(), p.beta.view(), o.act, o.alpha, residual.view(),
                          y.mutable_view(), o.next_pad);
      op.done(y);
    } else {
      if (o.act != Unary::identity) {
        Op op(kernels::name_of(o.act), {s.raw});
        // in place
        kernels::unary(exec_on(x.device()), o.act, o.alpha, s.raw.view(), s.raw.mutable_view());
        op.done(s.raw);
      }
      s.out = s.raw;
      y = residual ? add(s.raw, residual) : s.raw;
      if (o.next_pad.any()) y = pad2d(y, o.next_pad);
    }
  }
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add_composition(
        inputs, [&] { return fused_block_composition(x, p, o, residual); }, y);
  if (ProgramRecorder* const program = scope.recorder()) program->block(x, p, o, residual, y);
  if (!records) return y;
  // Running statistics live in the module; the closure keeps its own handles and never updates them
  // again.
  return record("block", inputs, y, [x, p, params, o, s, residual](const Tensor& dy, Grads& g) {
    if (!Tape::recording()) return block_backward(x, p, params, o, s, dy, g);
    grads_through_composition({x, params.w, params.bias, params.gamma, params.beta, residual}, dy, g, [&] {
      Tensor y2 = linear_map(x, multiplied_in(x.dtype(), o, params), o);
      if (o.has_norm)
        y2 = norm_composition(y2, params.gamma, params.beta, norm_options(o), s.norm);
      else if (o.act != Unary::identity)
        y2 = unary(o.act, y2, o.alpha);
      if (residual) y2 = add(y2, residual);
      return o.next_pad.any() ? pad2d(y2, o.next_pad) : y2;
    });
    if (cancels_bias(params, o) && g.wants(kBias)) g.put(kBias, zero_gradient(params.bias, g.dest(kBias)));
  });
}

}  // namespace sumi
