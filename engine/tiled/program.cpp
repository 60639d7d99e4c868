#include "engine/tiled/program.h"

#include <algorithm>
#include <utility>

#include "engine/autograd.h"
#include "engine/error.h"

namespace sumi {
namespace {

using OpKind = ProgramOp::Kind;

struct Recording {
  ProgramRecorder* recorder = nullptr;
  int depth = 0;  // of ProgramScope
};
thread_local Recording recording;

// A copy that later changes of the network do not reach; absent stays absent.
Tensor copied(const Tensor& x) {
  return x ? x.detach().clone() : Tensor();
}

Shape op_shape(const ProgramOp& op, const std::vector<Shape>& inputs) {
  Shape s = inputs.front();
  switch (op.kind) {
    case OpKind::pad:
      op.pad.check("tiles", s);
      return op.pad.padded(s);
    case OpKind::resize:
      return {s.n, s.h * op.factor, s.w * op.factor, s.c};
    case OpKind::conv:
      return ConvGeom::make("tiles", s, op.weight.shape(), op.conv).y_shape();
    case OpKind::conv_transpose:
      return ConvGeom::make_transpose("tiles", s, op.weight.shape(), op.conv, op.output_padding).x_shape();
    case OpKind::concat:
      s.c = 0;
      for (const Shape& part : inputs) s.c += part.c;
      return s;
    default:
      return s;
  }
}

}  // namespace

std::vector<Shape> Program::shapes(const Shape& x) const {
  std::vector<Shape> all{x};
  for (const ProgramOp& op : ops) {
    std::vector<Shape> inputs;
    for (const std::size_t value : op.inputs) inputs.push_back(all.at(value));
    for (const Shape& s : inputs)
      if (s.h != inputs[0].h || s.w != inputs[0].w)
        fail("tiles", "the network cannot take an image " + x.str() + ": " + s.str() + " does not fit " +
                          inputs[0].str());
    all.push_back(op_shape(op, inputs));
  }
  return all;
}

Program record_program(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  const NoGrad no_grad;
  ProgramRecorder recorder(x);
  return recorder.finish(f(x));
}

ProgramRecorder::ProgramRecorder(const Tensor& x) {
  if (recording.recorder) fail("tiles", "another program is being recorded");
  recording.recorder = this;
  name(x, 0);
}
ProgramRecorder::~ProgramRecorder() {
  recording.recorder = nullptr;
}

void ProgramRecorder::name(const Tensor& y, std::size_t value) {
  values_[y.id()] = value;
  held_.push_back(y);
}

std::size_t ProgramRecorder::append(ProgramOp op, std::vector<std::size_t> inputs) {
  op.inputs = std::move(inputs);
  program_.ops.push_back(std::move(op));
  return program_.ops.size();
}

void ProgramRecorder::add(ProgramOp op, const std::vector<Tensor>& operands, const Tensor& y) {
  std::vector<std::size_t> inputs;
  for (const Tensor& x : operands) {
    if (!knows(x)) return;
    inputs.push_back(values_.at(x.id()));
  }
  for (Tensor* parameter : {&op.weight, &op.bias, &op.gamma, &op.beta, &op.fixed.mean, &op.fixed.var})
    *parameter = copied(*parameter);
  name(y, append(std::move(op), std::move(inputs)));
}

void ProgramRecorder::block(const Tensor& x, const BlockParams& p, const BlockOptions& o,
                            const Tensor& residual, const Tensor& y) {
  if (!knows(x) || (residual && !knows(residual)) || o.map == BlockOptions::MapKind::dense) return;
  ProgramOp map;
  map.kind = o.map == BlockOptions::MapKind::conv ? OpKind::conv : OpKind::conv_transpose;
  map.weight = copied(p.w);
  map.bias = copied(p.bias);
  map.conv = o.conv;
  map.output_padding = o.output_padding;
  std::size_t value = append(std::move(map), {values_.at(x.id())});
  if (o.has_norm) {
    ProgramOp norm;
    norm.kind = OpKind::norm;
    norm.gamma = copied(p.gamma);
    norm.beta = copied(p.beta);
    norm.norm = o.norm;
    norm.norm.act = o.act;
    norm.norm.alpha = o.alpha;
    if (p.running && !p.training) norm.fixed = {copied(p.running->mean), copied(p.running->var), 0};
    value = append(std::move(norm), {value});
  } else if (o.act != Unary::identity) {
    ProgramOp act;
    act.kind = OpKind::unary;
    act.act = o.act;
    act.alpha = o.alpha;
    value = append(std::move(act), {value});
  }
  if (residual) value = append({}, {value, values_.at(residual.id())});
  if (o.next_pad.any()) {
    ProgramOp pad;
    pad.kind = OpKind::pad;
    pad.pad = o.next_pad;
    value = append(std::move(pad), {value});
  }
  name(y, value);
}

void ProgramRecorder::resized(const Tensor& x, std::int64_t h, std::int64_t w, const ResizeGeom& geom,
                              const PadGeom& pad, const Tensor& y) {
  const Shape s = x.shape();
  const std::int64_t factor = h / s.h;
  const bool regular = geom.mode == ResizeMode::nearest || geom.coords == ResizeCoords::half_pixel;
  if (!knows(x) || !regular || factor < 1 || h != factor * s.h || w != factor * s.w) return;
  ProgramOp resize;
  resize.kind = OpKind::resize;
  resize.resize = geom;
  resize.factor = factor;
  std::size_t value = append(std::move(resize), {values_.at(x.id())});
  if (pad.any()) {
    ProgramOp border;
    border.kind = OpKind::pad;
    border.pad = pad;
    value = append(std::move(border), {value});
  }
  name(y, value);
}

Program ProgramRecorder::finish(const Tensor& y) const {
  if (!knows(y)) fail("tiles", "the network has an operation that cannot run in tiles");
  Program program = program_;
  program.result = values_.at(y.id());
  return program;
}

ProgramScope::ProgramScope() : recorder_(recording.depth == 0 ? recording.recorder : nullptr) {
  ++recording.depth;
}
ProgramScope::~ProgramScope() {
  --recording.depth;
}

}  // namespace sumi
