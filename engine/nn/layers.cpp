// Layer and Sequential.
#include <fmt/format.h>

#include "engine/nn.h"
#include "engine/trace.h"

namespace sumi {

using Linear = BlockOptions::Linear;

Shape Layer::weight_shape() const {
  const LayerSpec& s = spec_;
  switch (s.linear) {
    case Linear::conv:
      return {s.out, s.kernel, s.kernel, s.in / s.groups};
    case Linear::conv_transpose:
      return {s.in, s.kernel, s.kernel, s.out};
    default:
      return Shape::matrix(s.out, s.in);
  }
}

Layer::Layer(const LayerSpec& spec, DType dtype, const Device& device) : Module(spec.name), spec_(spec) {
  if (spec.in < 1 || spec.out < 1 || spec.kernel < 1 || spec.stride < 1 || spec.groups < 1 ||
      spec.in % spec.groups != 0 || (spec.groups > 1 && spec.linear != Linear::conv))
    fail(spec.name,
         fmt::format("a layer from {} to {} channels with kernel {}, stride {} and {} groups is not possible",
                     spec.in, spec.out, spec.kernel, spec.stride, spec.groups));
  options_.linear = spec.linear;
  options_.conv = ConvOptions::same_pads(spec.stride, spec.pad);
  options_.conv.groups = spec.groups;
  options_.output_padding = spec.output_padding;
  options_.has_norm = spec.norm != LayerSpec::Norm::none;
  options_.norm.eps = spec.norm_eps;
  options_.norm.groups = spec.norm == LayerSpec::Norm::layer      ? 1
                         : spec.norm == LayerSpec::Norm::instance ? spec.out
                                                                  : 0;
  options_.act = spec.act;
  options_.alpha = spec.alpha;
  options_.next_pad = spec.next_pad;

  using Kind = TorchLayout::Kind;
  const Kind kind = spec.linear == Linear::conv             ? Kind::conv
                    : spec.linear == Linear::conv_transpose ? Kind::conv_transpose
                                                            : Kind::dense;
  const Shape vector = Shape::vector(spec.out);
  params_.w = add_parameter(spec.name + ".weight", weight_shape(), dtype, device,
                            {kind, spec.flat_in, spec.flat_out});
  if (spec.bias)
    params_.bias = add_parameter(spec.name + ".bias", vector, dtype, device,
                                 {Kind::vector, {1, 1, 1, 0}, spec.flat_out});
  if (spec.norm == LayerSpec::Norm::batch || spec.norm == LayerSpec::Norm::layer) {
    params_.gamma = add_parameter(spec.norm_name + ".weight", vector, dtype, device, {});
    params_.beta = add_parameter(spec.norm_name + ".bias", vector, dtype, device, {});
  }
  if (spec.norm == LayerSpec::Norm::batch) {
    running_.keep = spec.norm_keep;
    running_.mean = add_buffer(spec.norm_name + ".running_mean", vector, 0, dtype, device);
    running_.var = add_buffer(spec.norm_name + ".running_var", vector, 1, dtype, device);
    params_.running = &running_;
  }
}

Tensor Layer::operator()(const Tensor& x, const Tensor& residual) {
  const ModuleScope scope(name());
  params_.training = training();
  return linear_block(x, params_, options_, residual);
}

Tensor Layer::forward(const Tensor& x) {
  params_.training = training();
  return linear_block(x, params_, options_);
}

Shape Layer::plan(const Shape& x, Cost& cost) const {
  Shape y;
  if (spec_.linear == Linear::dense) {
    if (x.h != 1 || x.w != 1 || x.c != spec_.in)
      fail(spec_.name, fmt::format("x {} does not have the {} features expected", x.str(), spec_.in));
    y = Shape::matrix(x.n, spec_.out);
    cost.macs += x.n * spec_.in * spec_.out;
  } else {
    const ConvGeom g = spec_.linear == Linear::conv
                           ? ConvGeom::make(spec_.name.c_str(), x, weight_shape(), options_.conv)
                           : ConvGeom::make_transpose(spec_.name.c_str(), x, weight_shape(), options_.conv,
                                                      options_.output_padding);
    y = spec_.linear == Linear::conv ? g.y_shape() : g.x_shape();
    cost.macs += g.macs();
  }
  cost.saved_elements += y.count() * (options_.has_norm ? 2 : 1);
  const Shape padded = options_.next_pad.padded(y);
  if (!(padded == y)) {
    options_.next_pad.check(spec_.name.c_str(), y);
    cost.saved_elements += padded.count();
  }
  return padded;
}

Sequential& Sequential::add(const LayerSpec& spec, DType dtype, const Device& device) {
  add_child(std::make_unique<Layer>(spec, dtype, device));
  return *this;
}

Sequential& Sequential::add(std::unique_ptr<Module> module) {
  add_child(std::move(module));
  return *this;
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& child : children()) y = (*child)(y);
  return y;
}

Shape Sequential::plan(const Shape& x, Cost& cost) const {
  Shape y = x;
  for (const auto& child : children()) y = child->plan(y, cost);
  return y;
}

}  // namespace sumi
