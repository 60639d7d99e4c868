#include "engine/graph/plan.h"

#include <utility>

#include "engine/error.h"
#include "engine/graph/moments.h"
#include "engine/runtime/trace.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;

// Constants are in the weights' type; operands of an elementwise op share the image's.
std::pair<Tensor, Tensor> matched(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return {a, b};
  const DType narrow = a.dtype() == DType::bf16 ? a.dtype() : b.dtype();
  return {cast(a, narrow), cast(b, narrow)};
}

Tensor arithmetic(Kind kind, const Tensor& given_a, const Tensor& given_b) {
  const auto [a, b] = matched(given_a, given_b);
  switch (kind) {
    case Kind::add:
      return add(a, b);
    case Kind::sub:
      return sub(a, b);
    case Kind::mul:
      return mul(a, b);
    default:
      return div(a, b);
  }
}

Tensor mapped(const Step& s, const std::vector<Tensor>& in) {
  BlockOptions o;
  o.map = s.kind == Kind::conv ? BlockOptions::MapKind::conv : BlockOptions::MapKind::conv_transpose;
  o.conv = s.conv;
  o.output_padding = s.output_padding;
  o.has_norm = s.has_norm;
  o.norm = s.norm;
  o.act = s.act;
  o.alpha = s.alpha;
  o.next_pad = s.pad;
  BlockParams p;
  p.w = s.weight;
  p.bias = s.bias;
  p.gamma = s.gamma;
  p.beta = s.beta;
  return fused_block(in[0], p, o, s.has_residual ? in.back() : Tensor());
}

// gamma x + beta by the norm whose statistics are 0 and 1: exact, and recorded for tiles.
Tensor channel_affine(const Step& s, const Tensor& x) {
  const Shape c = Shape::vector(x.shape().c);
  const DType wide = s.gamma ? s.gamma.dtype() : s.beta.dtype();
  const RunningStats plain{Tensor::zeros(c, wide, x.device()), Tensor::full(c, 1, wide, x.device()), 0};
  return normalize(x, s.gamma, s.beta, {0, 0, s.act, s.alpha}, &plain, false);
}

// The statistics of in[0] and the scale and shift of the other operands, in one pass each.
Tensor norm_modulated(const Step& s, const std::vector<Tensor>& in) {
  NormOptions o = s.norm;
  o.act = s.act;
  o.alpha = s.alpha;
  const DType wide = in[0].dtype() == DType::bf16 ? DType::f32 : in[0].dtype();
  const Tensor y = normalize(in[0], cast(in[1], wide), cast(in[2], wide), o);
  return s.pad.any() ? pad2d(y, s.pad) : y;
}

Tensor normed(const Step& s, const Tensor& x) {
  NormOptions o = s.norm;
  o.act = s.act;
  o.alpha = s.alpha;
  return normalize(x, s.gamma, s.beta, o);
}

Tensor remapped(const Step& s, const Tensor& x) {
  const std::vector<std::uint32_t>& source = *s.source;
  if (x.dtype() == DType::f64) {
    const std::vector<double> from = x.to_vector<double>();
    std::vector<double> to(source.size());
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[source[i]];
    return Tensor::from(to, s.shape, x.dtype(), x.device());
  }
  const std::vector<float> from = x.to_vector<float>();
  std::vector<float> to(source.size());
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[source[i]];
  return Tensor::from(to, s.shape, x.dtype(), x.device());
}

Tensor moved(const Step& s, const std::vector<Tensor>& in) {
  const Tensor& x = in[0];
  switch (s.kind) {
    case Kind::pad:
      return pad2d(x, s.pad);
    case Kind::resize:
      return resize2d(x, s.pad.inside(s.shape).h, s.pad.inside(s.shape).w, s.resize, s.pad);
    case Kind::concat: {
      std::vector<Tensor> parts;
      for (const Tensor& part : in) parts.push_back(cast(part, x.dtype()));
      return concat(parts, s.axis);
    }
    case Kind::slice:
      return slice(x, s.at, s.shape);
    case Kind::place:
      return scatter_slice(x, s.shape, s.at);
    case Kind::spread:
      return broadcast_to(x, s.shape);
    case Kind::reshape:
      return reshape(x, s.shape);
    default:
      return remapped(s, x);
  }
}

}  // namespace

Tensor run_step(const Step& s, const std::vector<Tensor>& in) {
  switch (s.kind) {
    case Kind::constant:
      return s.weight;
    case Kind::conv:
    case Kind::conv_transpose:
      return mapped(s, in);
    case Kind::norm:
      return normed(s, in[0]);
    case Kind::moments:
      return moment(in[0], s.norm, s.scale == 1);
    case Kind::norm_modulate:
      return norm_modulated(s, in);
    case Kind::channel_affine:
      return channel_affine(s, in[0]);
    case Kind::affine:
      return affine(in[0], s.scale, s.shift);
    case Kind::unary:
      return unary(s.act, in[0], s.alpha);
    case Kind::add:
    case Kind::sub:
    case Kind::mul:
    case Kind::div:
      return arithmetic(s.kind, in[0], in[1]);
    case Kind::sum_to:
      return sum_to(in[0], s.shape, s.scale);
    case Kind::matmul:
    case Kind::batched: {
      const auto [a, b] = matched(in[0], in[1]);
      return s.kind == Kind::matmul ? matmul(a, b, s.trans_a, s.trans_b)
                                    : batched_matmul(a, b, s.trans_a, s.trans_b);
    }
    case Kind::softmax:
      return softmax(in[0]);
    default:
      return moved(s, in);
  }
}

std::vector<int> use_counts(const Plan& plan) {
  std::vector<int> uses(plan.steps.size(), 0);
  for (const Step& step : plan.steps)
    for (const int i : step.inputs) ++uses[static_cast<std::size_t>(i)];
  ++uses[static_cast<std::size_t>(plan.result)];
  return uses;
}

void drop_unused(Plan& plan) {
  std::vector<bool> needed(plan.steps.size(), false);
  needed[0] = needed[static_cast<std::size_t>(plan.result)] = true;
  for (std::size_t i = plan.steps.size(); i-- > 0;)
    if (needed[i])
      for (const int input : plan.steps[i].inputs) needed[static_cast<std::size_t>(input)] = true;
  std::vector<int> moved(plan.steps.size(), -1);
  std::vector<Step> kept;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (!needed[i]) continue;
    Step step = std::move(plan.steps[i]);
    for (int& input : step.inputs) input = moved[static_cast<std::size_t>(input)];
    moved[i] = static_cast<int>(kept.size());
    kept.push_back(std::move(step));
  }
  plan.result = moved[static_cast<std::size_t>(plan.result)];
  plan.steps = std::move(kept);
}

Tensor run(const Plan& plan, const Tensor& x) {
  std::vector<Tensor> values(plan.steps.size());
  std::vector<int> uses = use_counts(plan);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (i == 0) {
      values[0] = x;
      continue;
    }
    std::vector<Tensor> operands;
    for (const int input : step.inputs) {
      const auto k = static_cast<std::size_t>(input);
      operands.push_back(values[k]);
      if (--uses[k] == 0) values[k] = {};
    }
    values[i] = run_step(step, operands);
  }
  return values[static_cast<std::size_t>(plan.result)];
}

}  // namespace sumi::graph
