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

bool Module::uses_batch_statistics() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const auto& m) { return m->uses_batch_statistics(); });
}

Tensor Module::add_parameter(const std::string& name, const Shape& shape, DType dtype, const Device& device,
                             const TorchLayout& layout, double init_scale) {
  Tensor value = make(shape, 0, dtype, device);
  value.set_requires_grad(true);
  parameters_.push_back({name, value, layout, init_scale});
  return value;
}

Tensor Module::add_buffer(const std::string& name, const Shape& shape, double value, DType dtype,
                          const Device& device, const TorchLayout& layout) {
  Tensor t = make(shape, value, dtype, device);
  buffers_.push_back({name, t, layout});
  return t;
}

}  // namespace sumi
