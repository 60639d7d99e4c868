#include <algorithm>

#include "engine/nn.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

thread_local bool plan_only = false;

Tensor make(const Shape& shape, double value, DType dtype, const Device& device) {
  return plan_only ? Tensor::unallocated(shape, dtype, device) : Tensor::full(shape, value, dtype, device);
}

}  // namespace

MetaDevice::MetaDevice() : old_(plan_only) {
  plan_only = true;
}
MetaDevice::~MetaDevice() {
  plan_only = old_;
}

Tensor Module::operator()(const Tensor& x) {
  const ModuleScope scope(name_);
  return in_activations(x, [this](const Tensor& y) { return forward(y); });
}

std::vector<Parameter> Module::parameters() const {
  std::vector<Parameter> all = parameters_;
  for (const auto& child : children_)
    for (Parameter& p : child->parameters()) all.push_back(std::move(p));
  return all;
}

std::vector<Parameter> Module::buffers() const {
  std::vector<Parameter> all = buffers_;
  for (const auto& child : children_)
    for (Parameter& p : child->buffers()) all.push_back(std::move(p));
  return all;
}

std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const Parameter& p : parameters()) count += p.value.count();
  return count;
}

void Module::apply(const std::function<void(Module&)>& f) {
  f(*this);
  for (const auto& child : children_) child->apply(f);
}

void Module::set_training(bool on) {
  training_ = on;
  for (const auto& child : children_) child->set_training(on);
}

void Module::set_reference(std::int64_t count) {
  reference_ = count;
  for (const auto& child : children_) child->set_reference(count);
}

void Module::use_batch_stats_in_eval(bool on) {
  own_statistics_ = on;
  for (const auto& child : children_) child->use_batch_stats_in_eval(on);
}

bool Module::uses_batch_statistics() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const auto& m) { return m->uses_batch_statistics(); });
}

Tensor Module::add_parameter(const std::string& name, const Shape& shape, DType dtype, const Device& device,
                             const TorchLayout& layout) {
  Tensor value = make(shape, 0, dtype, device);
  value.set_requires_grad(true);
  parameters_.push_back({name, value, layout});
  return value;
}

Tensor Module::add_buffer(const std::string& name, const Shape& shape, double value, DType dtype,
                          const Device& device, const TorchLayout& layout) {
  Tensor t = make(shape, value, dtype, device);
  buffers_.push_back({name, t, layout});
  return t;
}

Tensor Module::virtual_norm(const Tensor& given, const Tensor& gamma, const Tensor& beta, double eps) const {
  const Tensor x = cast(given, gamma.dtype());
  const std::int64_t count = reference_;
  Shape one = x.shape(), many = one;
  if (count < 1 || count > x.shape().n)
    fail(name(), "virtual batch norm needs a reference batch in front of the samples");
  one.n = count;
  many.n = x.shape().n - count;
  const auto inner = static_cast<double>(one.h * one.w);
  const Shape channels = Shape::vector(one.c);
  const auto apply = [&](const Tensor& part, const Tensor& mean, const Tensor& mean_square) {
    // Rounding may make a small difference of large numbers negative.
    const Tensor deviation = sqrt(affine(relu(sub(mean_square, square(mean))), 1, eps));
    const Tensor scaled = mul(div(sub(part, mean), deviation), gamma);
    return add(scaled, beta);
  };
  const Tensor first = slice(x, {0, 0, 0, 0}, one);
  const double all = 1 / (static_cast<double>(count) * inner);
  const Tensor mean = sum_to(first, channels, all), mean_square = sum_to(square(first), channels, all);
  const Tensor reference_out = apply(first, mean, mean_square);
  if (many.n == 0) return cast(reference_out, given.dtype());
  const Tensor rest = slice(x, {count, 0, 0, 0}, many);
  const Shape each{many.n, 1, 1, many.c};
  const double share = 1 / static_cast<double>(count + 1);
  const auto joined = [&](const Tensor& own, const Tensor& reference) {
    return add(affine(own, share), affine(reference, 1 - share));
  };
  const Tensor rest_out = apply(rest, joined(sum_to(rest, each, 1 / inner), mean),
                                joined(sum_to(square(rest), each, 1 / inner), mean_square));
  return cast(concat({reference_out, rest_out}, 0), given.dtype());
}

}  // namespace sumi
