#include "models/training/trainable_networks.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/ops.h"
#include "engine/runtime/captured_scalars.h"
#include "engine/runtime/device.h"

namespace sumi {
namespace {

// "g.main.0.weight" -> "optim.g.m.main.0.weight"
std::string moment_name(const char* moment, const std::string& parameter) {
  const auto dot = parameter.find('.');
  return "optim." + parameter.substr(0, dot) + "." + moment + parameter.substr(dot);
}

void exchange(const Tensor& a, const Tensor& b) {
  const Tensor old = a.clone();
  a.assign(b);
  b.assign(old);
}

std::vector<std::pair<std::string, Module*>> named(const std::vector<Module*>& networks) {
  std::vector<std::pair<std::string, Module*>> all;
  for (Module* network : networks) all.emplace_back(network->name(), network);
  return all;
}

OptimizerOptions optimizer_options(const TrainOptions& o, bool generator) {
  OptimizerOptions a;
  a.rule = parse_optimizer(o.optimizer);
  a.beta1 = o.beta1;
  a.beta2 = o.beta2;
  a.weight_decay = o.weight_decay;
  a.clip_norm = o.clip_grad_norm;
  a.ema_decay = generator ? o.ema : 0;
  return a;
}

}  // namespace

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    names.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

TrainableNetworks::TrainableNetworks(const std::vector<Module*>& networks, const TrainOptions& o,
                                     bool generator)
    : networks_(networks),
      arena_(named(networks)),
      optimizer_(arena_, optimizer_options(o, generator)),
      history_weight_(o.historical_averaging) {
  for (const std::string& name : split_names(o.freeze)) arena_.freeze(name);
  for (Module* network : networks) network->set_activations(activations_of(o));
  arena_.keep_copy(activations_of(o));
  if (history_weight_ > 0) {
    history_ = arena_.values().clone();
    history_count_ = Tensor::zeros(Shape::scalar(), history_.dtype(), history_.device());
  }
  for (const Module* network : networks)
    for (Parameter& buffer : network->buffers()) {
      buffer.name = network->name() + "." + buffer.name;
      if (optimizer_.ema()) ema_buffers_.push_back(buffer.value.clone());
      buffers_.push_back(std::move(buffer));
    }
}

std::int64_t TrainableNetworks::updates() {
  const std::vector<std::int64_t>& steps = optimizer_.steps();
  return *std::max_element(steps.begin(), steps.end());
}

void TrainableNetworks::begin_gradients() {
  arena_.begin();
  // Ops rely on the zeros of slots that they do not write (engine/ops/block.cpp).
  if (history_)
    arena_.gradients().assign(Tensor::zeros(history_.shape(), history_.dtype(), history_.device()));
}

void TrainableNetworks::clip_weights(double most) {
  const Tensor& w = arena_.values();
  const Tensor inside = heaviside(affine(abs(w), -1, most));
  const Tensor sign = affine(heaviside(w), 2, -1);
  w.assign(add(mul(w, inside), mul(affine(sign, most), affine(inside, -1, 1))));
  arena_.refresh_copy();
}

// Adds the gradient of weight |p - mean of p so far|^2 (Salimans 2016, section 3.3), and updates
// the mean with p.
void TrainableNetworks::pull_to_history() {
  const Tensor &p = arena_.values(), &gradients = arena_.gradients();
  const Tensor apart = sub(p, history_);
  gradients.assign(add(gradients, affine(apart, 2 * history_weight_)));
  history_count_.assign(affine(history_count_, 1, 1));
  history_.assign(add(history_, div(apart, history_count_)));
}

void TrainableNetworks::update() {
  const NoGrad no_grad;
  if (history_) pull_to_history();
  optimizer_.step();
  average_buffers();
}

// Uses the decay of the weights' EMA; a captured step reads the value of each replay.
void TrainableNetworks::average_buffers() {
  if (ema_buffers_.empty()) return;
  const Device& device = arena_.values().device();
  const auto decay = [this] { return kernels::ema_decay_at(optimizer_.options().ema_decay, updates()); };
  const double* deferred = nullptr;
  if (CapturedScalars* const values = CapturedScalars::current(); values && values->device() == device)
    deferred = static_cast<const double*>(values->add(1, [decay](std::uint64_t* word) {
      // The optimizer's scalars come first, and include the number of updates.
      const double now = decay();
      std::memcpy(word, &now, sizeof now);
    }));
  for (std::size_t i = 0; i < ema_buffers_.size(); ++i)
    kernels::ema_update(exec_on(device), decay(), deferred, buffers_[i].value.view(),
                        ema_buffers_[i].mutable_view());
}

bool TrainableNetworks::holds(const Module& network) const {
  return std::find(networks_.begin(), networks_.end(), &network) != networks_.end();
}

std::string TrainableNetworks::names() const {
  std::string all;
  for (const Module* network : networks_) all += (all.empty() ? "" : ", ") + network->name();
  return all;
}

Tensor TrainableNetworks::infer(Module& network, const Tensor& x, bool averaged) {
  const NoGrad no_grad;
  const UseEmaWeights weights(*this, averaged);
  network.set_training(false);
  const Tensor made = network(x);
  network.set_training(true);
  return made;
}

void TrainableNetworks::swap_average() {
  exchange(arena_.values(), optimizer_.ema());
  arena_.refresh_copy();
  for (std::size_t i = 0; i < ema_buffers_.size(); ++i) exchange(buffers_[i].value, ema_buffers_[i]);
}

std::string TrainableNetworks::history_count_name() const {
  return "history_count." + arena_.slots()[0].parameter.name;
}

void TrainableNetworks::save(CheckpointWriter& writer, bool full) {
  for (const ParamArena::Slot& slot : arena_.slots()) {
    const std::string& name = slot.parameter.name;
    writer.add(name, slot.parameter.value);
    if (optimizer_.ema()) writer.add("ema." + name, arena_.slice(optimizer_.ema(), slot));
    if (!full) continue;
    if (history_) writer.add("history." + name, arena_.slice(history_, slot));
    if (optimizer_.m()) writer.add(moment_name("m", name), arena_.slice(optimizer_.m(), slot));
    writer.add(moment_name("v", name), arena_.slice(optimizer_.v(), slot));
  }
  if (full && history_) writer.add(history_count_name(), history_count_);
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    writer.add(buffers_[i].name, buffers_[i].value);
    if (!ema_buffers_.empty()) writer.add("ema." + buffers_[i].name, ema_buffers_[i]);
  }
}

void TrainableNetworks::load(const CheckpointFile& file, bool full) {
  const auto load_average = [&](const std::string& name, const Tensor& into) {
    const std::string average = "ema." + name;
    file.load(full || file.has(average) ? average : name, into);
  };
  for (const ParamArena::Slot& slot : arena_.slots()) {
    const std::string& name = slot.parameter.name;
    file.load(name, slot.parameter.value);
    if (optimizer_.ema()) load_average(name, arena_.slice(optimizer_.ema(), slot));
    if (!full) continue;
    if (history_) file.load("history." + name, arena_.slice(history_, slot));
    if (optimizer_.m()) file.load(moment_name("m", name), arena_.slice(optimizer_.m(), slot));
    file.load(moment_name("v", name), arena_.slice(optimizer_.v(), slot));
  }
  arena_.refresh_copy();
  if (full && history_) file.load(history_count_name(), history_count_);
  if (!full && history_) history_.assign(arena_.values());
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    file.load(buffers_[i].name, buffers_[i].value);
    if (!ema_buffers_.empty()) load_average(buffers_[i].name, ema_buffers_[i]);
  }
  if (const std::string name = first_nonfinite(); !name.empty())
    fail("checkpoint " + file.path().string(), name + " holds NaN or infinity; use an earlier checkpoint");
}

std::vector<Tensor> TrainableNetworks::state() {
  std::vector<Tensor> all;
  for (const Tensor& flat :
       {arena_.values(), optimizer_.ema(), optimizer_.m(), optimizer_.v(), history_, history_count_})
    if (flat) all.push_back(flat);
  for (const Parameter& buffer : buffers_) all.push_back(buffer.value);
  all.insert(all.end(), ema_buffers_.begin(), ema_buffers_.end());
  return all;
}

void TrainableNetworks::restart_average() {
  if (optimizer_.ema()) optimizer_.ema().assign(arena_.values());
  arena_.refresh_copy();
}

std::string TrainableNetworks::first_nonfinite() const {
  if (std::string name = optimizer_.first_nonfinite(); !name.empty()) return name;
  const auto spoiled = [](const Tensor& t) {
    const std::vector<double> values = t.to_vector<double>();
    return !std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  };
  for (std::size_t i = 0; i < buffers_.size(); ++i)
    if (spoiled(buffers_[i].value) || (!ema_buffers_.empty() && spoiled(ema_buffers_[i])))
      return buffers_[i].name;
  return "";
}

// The counts of updates are called "adam." for every optimizer: format 1 of checkpoints defines
// them so.
void TrainableNetworks::add_counters(std::map<std::string, std::uint64_t>& counters) {
  const auto& steps = optimizer_.steps();
  for (std::size_t i = 0; i < steps.size(); ++i)
    counters["adam." + arena_.slots()[i].parameter.name] = static_cast<std::uint64_t>(steps[i]);
}

void TrainableNetworks::set_counters(const std::map<std::string, std::uint64_t>& counters) {
  auto& steps = optimizer_.steps();
  for (std::size_t i = 0; i < steps.size(); ++i)
    steps[i] = static_cast<std::int64_t>(counter_of(counters, "adam." + arena_.slots()[i].parameter.name));
}

double generator_rate(const TrainOptions& o) {
  return o.lr_g > 0 ? o.lr_g : o.lr;
}

std::uint64_t counter_of(const std::map<std::string, std::uint64_t>& counters, const std::string& name) {
  const auto found = counters.find(name);
  if (found == counters.end()) fail("resume", "the checkpoint's state has no entry " + name);
  return found->second;
}

}  // namespace sumi
