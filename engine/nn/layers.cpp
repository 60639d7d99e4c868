// FusedLayer, BatchNorm and Sequential.
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "engine/nn.h"
#include "engine/runtime/trace.h"

namespace sumi {

using MapKind = BlockOptions::MapKind;

Shape FusedLayer::weight_shape() const {
  const LayerSpec& s = spec_;
  const int width = s.kernel_width > 0 ? s.kernel_width : s.kernel;
  switch (s.map) {
    case MapKind::conv:
      return {s.out, s.kernel, width, s.in / s.groups};
    case MapKind::conv_transpose:
      return {s.in, s.kernel, width, s.out / s.groups};
    default:
      return Shape::matrix(s.out, s.in);
  }
}

FusedLayer::FusedLayer(const LayerSpec& spec, DType dtype, const Device& device)
    : BatchNormed(spec.name), spec_(spec) {
  if (spec.in < 1 || spec.out < 1 || spec.kernel < 1 || spec.stride < 1 || spec.groups < 1 ||
      spec.in % spec.groups != 0 || spec.out % spec.groups != 0 ||
      (spec.groups > 1 && spec.map == MapKind::dense))
    fail(spec.name,
         fmt::format("a layer from {} to {} channels with kernel {}, stride {} and {} groups is not possible",
                     spec.in, spec.out, spec.kernel, spec.stride, spec.groups));
  options_.map = spec.map;
  const int end = spec.pad_end < 0 ? spec.pad : spec.pad_end;
  options_.conv = {spec.stride, spec.pad, end, spec.pad, end, 1, 1};
  options_.conv.groups = spec.groups;
  options_.output_padding = spec.output_padding;
  options_.has_norm = spec.norm != LayerSpec::Norm::none && spec.norm != LayerSpec::Norm::virtual_batch;
  options_.norm.eps = spec.norm_eps;
  const bool instance =
      spec.norm == LayerSpec::Norm::instance || spec.norm == LayerSpec::Norm::instance_affine;
  options_.norm.groups = spec.norm == LayerSpec::Norm::layer ? 1 : instance ? spec.out : 0;
  options_.act = spec.act;
  options_.alpha = spec.alpha;
  options_.next_pad = spec.next_pad;

  using Kind = TorchLayout::Kind;
  const Kind kind = spec.map == MapKind::conv             ? Kind::conv
                    : spec.map == MapKind::conv_transpose ? Kind::conv_transpose
                                                          : Kind::dense;
  const Shape vector = Shape::vector(spec.out);
  params_.w = add_parameter(spec.name + (spec.spectral ? ".weight_orig" : ".weight"), weight_shape(), dtype,
                            device, {kind, spec.flat_in, spec.flat_out}, spec.init_scale);
  if (spec.spectral) {
    u_ = add_singular_vector(".weight_u", params_.w.shape().n);
    Shape row = spec.map == MapKind::dense ? spec.flat_in : params_.w.shape();
    row.n = 1;
    v_ = add_singular_vector(".weight_v", params_.w.count() / params_.w.shape().n, row);
  }
  const TorchLayout features{Kind::vector, {1, 1, 1, 0}, spec.flat_out};
  if (spec.bias) params_.bias = add_parameter(spec.name + ".bias", vector, dtype, device, features);
  if (spec.norm != LayerSpec::Norm::none && spec.norm != LayerSpec::Norm::instance) {
    params_.gamma = add_parameter(spec.norm_name + ".weight", vector, dtype, device, features);
    params_.beta = add_parameter(spec.norm_name + ".bias", vector, dtype, device, features);
  }
  if (spec.norm == LayerSpec::Norm::batch) {
    running_.decay = spec.running_decay;
    running_.mean = add_buffer(spec.norm_name + ".running_mean", vector, 0, dtype, device, features);
    running_.var = add_buffer(spec.norm_name + ".running_var", vector, 1, dtype, device, features);
    params_.running = &running_;
  }
}

// A random direction, from which power iteration converges; the same for every run.
Tensor FusedLayer::add_singular_vector(const char* suffix, std::int64_t size, const Shape& flat) {
  const Tensor& w = params_.w;
  const Tensor vector = add_buffer(spec_.name + suffix, Shape::vector(size), 1, w.dtype(), w.device(),
                                   {TorchLayout::Kind::vector, {1, 1, 1, 0}, flat});
  if (!w.view()) return vector;  // MetaDevice: shapes only
  RandomStream stream(static_cast<std::uint64_t>(size), 0);
  std::vector<double> values = stream.normal(Shape::vector(size), DType::f32, Device{}).to_vector<double>();
  const double norm = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  for (double& value : values) value /= norm;
  vector.assign(values);
  return vector;
}

Tensor FusedLayer::operator()(const Tensor& x, const Tensor& residual) {
  const ModuleScope scope(name());
  return apply(x, residual);
}

Tensor FusedLayer::forward(const Tensor& x) {
  return apply(x, {});
}

Tensor FusedLayer::apply(const Tensor& x, const Tensor& residual) {
  BlockParams params = params_;
  params.training = training();
  if (uses_own_statistics()) params.running = nullptr;
  if (spec_.spectral) params.w = spectral_normalize(params_.w, u_, v_, training());
  if (spec_.norm != LayerSpec::Norm::virtual_batch) return fused_block(x, params, options_, residual);
  BlockOptions linear = options_;
  linear.act = Unary::identity;
  linear.next_pad = {};
  params.gamma = params.beta = {};
  Tensor y = virtual_norm(fused_block(x, params, linear), params_.gamma, params_.beta, spec_.norm_eps);
  if (spec_.act != Unary::identity) y = unary(spec_.act, y, spec_.alpha);
  if (residual) y = add(y, residual);
  return spec_.next_pad.any() ? pad2d(y, spec_.next_pad) : y;
}

Shape FusedLayer::infer_shape(const Shape& x, Cost& cost) const {
  Shape y;
  if (spec_.map == MapKind::dense) {
    if (x.h != 1 || x.w != 1 || x.c != spec_.in)
      fail(spec_.name, fmt::format("x {} does not have the {} features expected", x.str(), spec_.in));
    y = Shape::matrix(x.n, spec_.out);
    cost.macs += x.n * spec_.in * spec_.out;
  } else {
    const ConvGeom g = spec_.map == MapKind::conv
                           ? ConvGeom::make(spec_.name.c_str(), x, weight_shape(), options_.conv)
                           : ConvGeom::make_transpose(spec_.name.c_str(), x, weight_shape(), options_.conv,
                                                      options_.output_padding);
    y = spec_.map == MapKind::conv ? g.y_shape() : g.x_shape();
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

BatchNorm::BatchNorm(const Spec& spec, DType dtype, const Device& device)
    : BatchNormed(spec.name), spec_(spec) {
  const Shape vector = Shape::vector(spec.channels);
  const TorchLayout layout{TorchLayout::Kind::vector, {1, 1, 1, 0}, spec.flat};
  gamma_ = add_parameter(spec.name + ".weight", vector, dtype, device, layout);
  beta_ = add_parameter(spec.name + ".bias", vector, dtype, device, layout);
  if (spec.is_virtual) return;
  running_.decay = spec.running_decay;
  running_.mean = add_buffer(spec.name + ".running_mean", vector, 0, dtype, device, layout);
  running_.var = add_buffer(spec.name + ".running_var", vector, 1, dtype, device, layout);
}

Tensor BatchNorm::forward(const Tensor& x) {
  if (spec_.is_virtual) {
    const Tensor y = virtual_norm(x, gamma_, beta_, spec_.eps);
    return spec_.act == Unary::identity ? y : unary(spec_.act, y, spec_.alpha);
  }
  return normalize(x, gamma_, beta_, {0, spec_.eps, spec_.act, spec_.alpha}, &running_, training());
}

Shape BatchNorm::infer_shape(const Shape& x, Cost& cost) const {
  if (x.c != spec_.channels)
    fail(spec_.name, fmt::format("x {} does not have the {} channels expected", x.str(), spec_.channels));
  cost.saved_elements += x.count();
  return x;
}

Sequential& Sequential::add(const LayerSpec& spec, DType dtype, const Device& device) {
  add_child(std::make_unique<FusedLayer>(spec, dtype, device));
  return *this;
}

Sequential& Sequential::add(std::unique_ptr<Module> module) {
  add_child(std::move(module));
  return *this;
}

Tensor Sequential::run(const Tensor& x, std::size_t first, std::size_t last) {
  return in_activations(x, [&](Tensor y) {
    for (std::size_t i = first; i < last; ++i) y = (*children().at(i))(y);
    return y;
  });
}

Tensor Sequential::forward(const Tensor& x) {
  return run(x, 0, size());
}

Shape Sequential::infer_shape(const Shape& x, Cost& cost) const {
  Shape y = x;
  for (const auto& child : children()) y = child->infer_shape(y, cost);
  return y;
}

}  // namespace sumi
