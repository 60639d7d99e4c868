#include "engine/optim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/device.h"
#include "kernels/reduce.h"

namespace sumi {
namespace {

constexpr std::int64_t kAlign = 16;  // elements: every slot starts on a cache line

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
      size += (slot.count + kAlign - 1) / kAlign * kAlign;
      slots_.push_back(std::move(slot));
    }
  if (slots_.empty()) fail("optimiser", "there are no parameters to train");
  const Tensor& first = slots_[0].parameter.value;
  for (const Slot& slot : slots_)
    if (slot.parameter.value.dtype() != first.dtype() || !(slot.parameter.value.device() == first.device()))
      fail("optimiser",
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
  return flat.range(slot.offset, slot.parameter.value.shape());
}

void ParamArena::begin() {
  for (const Slot& slot : slots_) slot.grad->written = false;
}

void ParamArena::set_frozen(bool frozen) {
  for (const Slot& slot : slots_) slot.parameter.value.set_requires_grad(!frozen);
}

double ParamArena::gradient_norm() const {
  double sum = 0;
  Tensor square = Tensor::empty(Shape::scalar(), values_.dtype(), values_.device());
  for (const Slot& slot : slots_) {
    if (!slot.grad->written) continue;
    kernels::sum_squares(exec_on(values_.device()), slot.grad->grad.view(), square.mut());
    sum += square.item();
  }
  return std::sqrt(sum);
}

AdamOptimizer::AdamOptimizer(ParamArena& arena, const AdamOptions& options)
    : arena_(arena), options_(options), steps_(arena.slots().size(), 0) {
  if (options.ema_decay > 0) ema_ = arena.values().clone();
}

void AdamOptimizer::make_moments() {
  if (m_) return;
  const Tensor& p = arena_.values();
  m_ = Tensor::zeros(p.shape(), p.dtype(), p.device());
  v_ = Tensor::zeros(p.shape(), p.dtype(), p.device());
}

double AdamOptimizer::step(double lr) {
  make_moments();
  kernels::AdamStep s{
      lr, options_.beta1, options_.beta2, options_.eps, options_.weight_decay, 1, options_.ema_decay, 1};
  double norm = -1;
  if (options_.clip_norm > 0) {
    norm = arena_.gradient_norm();
    // The small term is PyTorch's, so that the same clip gives the same numbers.
    if (norm + 1e-6 > options_.clip_norm) s.grad_scale = options_.clip_norm / (norm + 1e-6);
  }
  const Exec& exec = exec_on(arena_.values().device());
  const auto& slots = arena_.slots();
  // Neighbouring slots that were written, with the same count of updates, are one launch: normally the whole
  // arena.
  for (std::size_t i = 0; i < slots.size();) {
    if (!slots[i].grad->written) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < slots.size() && slots[end].grad->written && steps_[end] == steps_[i]) ++end;
    const std::int64_t first = slots[i].offset;
    const Shape range = Shape::vector(slots[end - 1].offset + slots[end - 1].count - first);
    s.step = ++steps_[i];
    for (std::size_t j = i + 1; j < end; ++j) ++steps_[j];
    kernels::adam(exec, s, arena_.values().range(first, range).mut(),
                  arena_.gradients().range(first, range).view(), m_.range(first, range).mut(),
                  v_.range(first, range).mut(), ema_ ? ema_.range(first, range).mut() : MutView{});
    i = end;
  }
  return norm;
}

std::string AdamOptimizer::first_nonfinite() const {
  const Exec& exec = exec_on(arena_.values().device());
  for (const Tensor& flat : {arena_.values(), m_, v_, ema_}) {
    if (!flat || kernels::count_nonfinite(exec, flat.view()) == 0) continue;
    for (const ParamArena::Slot& slot : arena_.slots())
      if (kernels::count_nonfinite(exec, arena_.slice(flat, slot).view()) > 0) return slot.parameter.name;
  }
  return "";
}

std::vector<std::string> AdamOptimizer::never_updated() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (steps_[i] == 0) names.push_back(arena_.slots()[i].parameter.name);
  return names;
}

double LrPolicy::factor(double epoch) const {
  if (type == "constant") return 1;
  if (type == "linear")
    return std::max(0.0, 1 - std::max(0.0, epoch + 1 - constant_epochs) / (decay_epochs + 1));
  if (type == "step") return std::pow(0.1, std::floor(epoch / decay_epochs));
  if (type == "cosine")
    return 0.5 * (1 + std::cos(std::acos(-1.0) * std::min(1.0, epoch / (constant_epochs + decay_epochs))));
  fail("lr-policy", fmt::format("unknown policy '{}'; use constant, linear, step or cosine", type));
}

}  // namespace sumi
