#include "engine/optim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/runtime/captured_scalars.h"
#include "engine/runtime/device.h"
#include "kernels/elementwise.h"
#include "kernels/reduce.h"

namespace sumi {
namespace {

constexpr std::int64_t kSlotAlign = 16;  // in elements: every slot starts on a cache line

}  // namespace

ParamArena::ParamArena(const std::vector<std::pair<std::string, Module*>>& networks) {
  std::int64_t size = 0;
  for (const auto& [prefix, network] : networks)
    for (Parameter& p : network->parameters()) {
      Slot slot;
      slot.parameter = p;
      slot.parameter.name = prefix + "." + p.name;
      slot.offset = size;
      slot.count = p.value.count();
      size += (slot.count + kSlotAlign - 1) / kSlotAlign * kSlotAlign;
      slots_.push_back(std::move(slot));
    }
  if (slots_.empty()) fail("optimizer", "there are no parameters to train");
  const Tensor& first = slots_[0].parameter.value;
  for (const Slot& slot : slots_)
    if (slot.parameter.value.dtype() != first.dtype() || !(slot.parameter.value.device() == first.device()))
      fail("optimizer",
           fmt::format("{} and {} differ in type or device", slots_[0].parameter.name, slot.parameter.name));
  values_ = Tensor::zeros(Shape::vector(size), first.dtype(), first.device());
  gradients_ = Tensor::zeros(Shape::vector(size), first.dtype(), first.device());
  const Storage storage = values_.storage();
  for (Slot& slot : slots_) {
    slot.grad = std::make_shared<GradSlot>();
    slot.grad->name = slot.parameter.name;
    slot.grad->grad = slice(gradients_, slot);
    slot.parameter.value.move_to(storage, static_cast<std::size_t>(slot.offset) * size_of(first.dtype()),
                                 slot.grad);
  }
}

Tensor ParamArena::slice(const Tensor& flat, const Slot& slot) const {
  return flat.flat_slice(slot.offset, slot.parameter.value.shape());
}

void ParamArena::begin() {
  for (const Slot& slot : slots_) slot.grad->written = false;
}

void ParamArena::keep_copy(DType dtype) {
  if (dtype == values_.dtype()) return;
  copy_ = Tensor::empty(values_.shape(), dtype, values_.device());
  for (const Slot& slot : slots_) slot.grad->copy = slice(copy_, slot);
  refresh_copy();
}

void ParamArena::refresh_copy() {
  if (!copy_) return;
  kernels::cast(exec_on(values_.device()), values_.view(), copy_.mutable_view());
  for (const Slot& slot : slots_) slot.grad->copied_state = values_.storage()->writes();
}

void ParamArena::set_frozen(bool frozen) {
  for (const Slot& slot : slots_) slot.parameter.value.set_requires_grad(!frozen && !slot.fixed);
}

int ParamArena::freeze(const std::string& prefix) {
  int count = 0;
  for (Slot& slot : slots_) {
    if (!slot.parameter.name.starts_with(prefix)) continue;
    slot.fixed = true;
    slot.parameter.value.set_requires_grad(false);
    ++count;
  }
  return count;
}

OptimizerRule parse_optimizer(const std::string& name) {
  for (const OptimizerRule rule : {OptimizerRule::adam, OptimizerRule::adamw, OptimizerRule::rmsprop})
    if (name == kernels::name_of(rule)) return rule;
  fail("optimizer", fmt::format("unknown '{}'; use adam, adamw or rmsprop", name));
}

Optimizer::Optimizer(ParamArena& arena, const OptimizerOptions& options)
    : arena_(arena), options_(options), lr_(options.lr), steps_(arena.slots().size(), 0) {
  const Tensor& p = arena.values();
  if (options.ema_decay > 0) ema_ = p.clone();
  if (options.clip_norm <= 0) return;
  squares_ = Tensor::zeros(Shape::vector(static_cast<std::int64_t>(steps_.size())), p.dtype(), p.device());
  scale_ = Tensor::full(Shape::scalar(), 1, p.dtype(), p.device());
  norm_ = Tensor::zeros(Shape::scalar(), p.dtype(), p.device());
}

void Optimizer::make_moments() {
  if (v_) return;
  const Tensor& p = arena_.values();
  if (options_.rule != OptimizerRule::rmsprop) m_ = Tensor::zeros(p.shape(), p.dtype(), p.device());
  v_ = Tensor::zeros(p.shape(), p.dtype(), p.device());
}

// Usually the whole arena is one range.
std::vector<Optimizer::Range> Optimizer::written() const {
  const auto& slots = arena_.slots();
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i].grad->written) continue;
    if (!ranges.empty() && ranges.back().end == i && steps_[i] == steps_[ranges.back().first])
      ranges.back().end = i + 1;
    else
      ranges.push_back({i, i + 1});
  }
  return ranges;
}

Tensor Optimizer::of(const Tensor& flat, const Range& range) const {
  const auto &first = arena_.slots()[range.first], &last = arena_.slots()[range.end - 1];
  return flat ? flat.flat_slice(first.offset, Shape::vector(last.offset + last.count - first.offset))
              : Tensor();
}

void Optimizer::step() {
  make_moments();
  const std::vector<Range> ranges = written();
  if (norm_) measure_norm(ranges);
  for (const Range& range : ranges) update(range);
  arena_.refresh_copy();
}

void Optimizer::measure_norm(const std::vector<Range>& ranges) {
  const Exec& exec = exec_on(arena_.values().device());
  for (std::size_t i = 0; i < ranges.size(); ++i)
    kernels::sum_squares(exec, of(arena_.gradients(), ranges[i]).view(),
                         squares_.flat_slice(static_cast<std::int64_t>(i), Shape::scalar()).mutable_view());
  const Shape count = Shape::vector(static_cast<std::int64_t>(ranges.size()));
  kernels::clip_scale(exec, squares_.flat_slice(0, count).view(), options_.clip_norm, scale_.mutable_view(),
                      norm_.mutable_view());
}

void Optimizer::update(const Range& range) {
  const Device& device = arena_.values().device();
  const OptimizerOptions& o = options_;
  kernels::OptimizerStep s{o.rule, lr_, o.beta1, o.beta2, o.eps, o.weight_decay, 1, o.ema_decay};
  CapturedScalars* const values = CapturedScalars::current();
  if (values && values->device() == device) {
    static_assert(sizeof(kernels::StepRates) == 4 * sizeof(std::uint64_t));
    const void* const slot = values->add(4, [this, range, s](std::uint64_t* words) {
      kernels::OptimizerStep now = s;
      now.lr = lr_;
      now.step = count_update(range);
      const kernels::StepRates rates = kernels::step_rates(now);
      std::memcpy(words, &rates, sizeof rates);
    });
    s.rates = static_cast<const kernels::StepRates*>(slot);
  } else {
    s.step = count_update(range);
  }
  kernels::optimizer_step(exec_on(device), s, of(arena_.values(), range).mutable_view(),
                          of(arena_.gradients(), range).view(), of(m_, range).mutable_view(),
                          of(v_, range).mutable_view(), of(ema_, range).mutable_view(), scale_.view());
}

std::int64_t Optimizer::count_update(const Range& range) {
  const std::int64_t count = steps_[range.first] + 1;
  for (std::size_t i = range.first; i < range.end; ++i)
    if (++steps_[i] != count)
      fail("optimizer",
           fmt::format("{} and {} were updated together in a captured step, but not equally often "
                       "before; capture the step anew",
                       arena_.slots()[range.first].parameter.name, arena_.slots()[i].parameter.name));
  return count;
}

std::string Optimizer::first_nonfinite() const {
  const Exec& exec = exec_on(arena_.values().device());
  for (const Tensor& flat : {arena_.values(), m_, v_, ema_}) {
    if (!flat || kernels::count_nonfinite(exec, flat.view()) == 0) continue;
    for (const ParamArena::Slot& slot : arena_.slots())
      if (kernels::count_nonfinite(exec, arena_.slice(flat, slot).view()) > 0) return slot.parameter.name;
  }
  return "";
}

std::vector<std::string> Optimizer::never_updated() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (steps_[i] == 0 && !arena_.slots()[i].fixed) names.push_back(arena_.slots()[i].parameter.name);
  return names;
}

double LrPolicy::factor(double epoch) const {
  if (type == "constant") return 1;
  if (type == "linear")
    return std::max(0.0, 1 - std::max(0.0, epoch + 1 - constant_epochs) / (decay_epochs + 1));
  if (type == "step") return std::pow(0.1, std::floor(epoch / decay_epochs));
  if (type == "two-steps")
    return epoch < constant_epochs ? 1 : epoch < constant_epochs + decay_epochs / 2 ? 0.1 : 0.01;
  if (type == "cosine")
    return 0.5 * (1 + std::cos(std::acos(-1.0) * std::min(1.0, epoch / (constant_epochs + decay_epochs))));
  fail("lr-policy",
       fmt::format("unknown policy '{}'; use constant, linear, step, two-steps or cosine", type));
}

}  // namespace sumi
