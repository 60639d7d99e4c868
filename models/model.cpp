// Construction, loading and stepping of a model.
#include "models/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/memory_stats.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"

namespace sumi {

Model::Model(const TrainOptions& o)
    : options_(o),
      device_(parse_device(o.device)),
      policy_{o.lr_policy, o.epochs, o.epochs_decay},
      networks_(model_spec(o.model).networks(o)),
      use_graph_(!o.no_cuda_graph && images_have_one_size(o)),
      graph_(device_) {
  RandomStream init(o.seed, stream_number(RngStream::init));
  for (const PlannedNetwork& network : networks_) {
    network.module->set_name(network.name);
    initialize(*network.module, network.init.value_or(InitOptions{o.init_type, o.init_gain}), init);
  }
}

Model::~Model() = default;

std::vector<Model::Network> Model::networks() const {
  std::vector<Network> all;
  for (const PlannedNetwork& n : networks_) all.push_back({n.name, n.module.get(), n.input});
  return all;
}

Module& Model::network(const std::string& name) const {
  for (const PlannedNetwork& n : networks_)
    if (n.name == name) return *n.module;
  fail("model", fmt::format("{} lists no network {}", options_.model, name));
}

TrainableNetworks& Model::generators(const std::vector<std::string>& names, double rate) {
  std::vector<Module*> modules;
  for (const std::string& name : names) modules.push_back(&network(name));
  generators_.push_back(std::make_unique<TrainableNetworks>(modules, options_, true));
  trainables_.push_back({generators_.back().get(), rate, nullptr});
  return *generators_.back();
}

DiscriminatorTrainer& Model::discriminator(const std::string& name, RngStream stream,
                                           const std::string& head) {
  discriminators_.push_back(std::make_unique<DiscriminatorTrainer>(options_, network(name), stream,
                                                                   head.empty() ? nullptr : &network(head)));
  DiscriminatorTrainer& d = *discriminators_.back();
  trainables_.push_back({&d.group(), d.rate(), &d});
  if (d.uses_random_numbers()) streams_.emplace_back(name + ".stream", &d.stream());
  return d;
}

RandomStream& Model::random_stream(const std::string& name, RngStream stream) {
  own_streams_.push_back(std::make_unique<RandomStream>(options_.seed, stream_number(stream)));
  streams_.emplace_back(name, own_streams_.back().get());
  return *own_streams_.back();
}

ImagePool& Model::image_pool(const std::string& name, int size, RngStream stream) {
  pools_.push_back({name, std::make_unique<ImagePool>(size, options_.seed, stream_number(stream))});
  return *pools_.back().pool;
}

Step::Kind Model::next_kind(double epoch) {
  Step::Kind kind{.warm_up = epoch < warm_up_epochs()};
  if (kind.warm_up) return kind;
  for (const auto& d : discriminators_) {
    const bool due = d->penalty_due();
    d->set_penalty_due(due);
    kind.penalty = kind.penalty || due;  // all have had the same number of updates
  }
  return kind;
}

Tensor Model::train_step_async(const std::vector<Tensor>& real, double epoch) {
  for (const Trainable& t : trainables_) t.networks->set_lr(t.rate * policy_.factor(std::floor(epoch)));
  const Step::Kind kind = next_kind(epoch);
  warming_up_ = kind.warm_up;
  begin_step(kind);
  const auto run = [&](const std::vector<Tensor>& inputs) {
    std::vector<TrainableNetworks*> all;
    for (const Trainable& t : trainables_) all.push_back(t.networks);
    Step step(kind, inputs, options_.n_critic, options_.accumulate, std::move(all));
    step.run([&] { train_step(step); });
    debug_tensors_ = step.debug_tensors();
    stat_names_.clear();
    std::vector<Tensor> numbers;
    for (const auto& [name, number] : step.reported()) {
      stat_names_.push_back(name);
      numbers.push_back(number);
    }
    return std::vector<Tensor>{concat(numbers, 3)};
  };
  return (use_graph_ ? graph_.run(kind.name(), real, run) : run(real))[0];
}

void Model::save(CheckpointWriter& writer, bool full) {
  for (const Trainable& t : trainables_) t.networks->save(writer, full);
  if (!full) return;
  for (const NamedPool& p : pools_) p.pool->save(writer, p.name);
}

void Model::load(const CheckpointFile& file, bool full) {
  for (const Trainable& t : trainables_) t.networks->load(file, full);
  if (!full) return;
  for (const NamedPool& p : pools_) p.pool->load(file, p.name, options_.channels, dtype(), device_);
}

namespace {

// "pool.a" -> "pool_a"
std::string counter_name(std::string pool) {
  std::replace(pool.begin(), pool.end(), '.', '_');
  return pool;
}

}  // namespace

std::map<std::string, std::uint64_t> Model::counters() const {
  std::map<std::string, std::uint64_t> all;
  for (const auto& [counter, stream] : streams_) all[counter] = stream->position();
  for (const Trainable& t : trainables_) t.networks->add_counters(all);
  for (const NamedPool& p : pools_) {
    all[counter_name(p.name)] = p.pool->position();
    all[counter_name(p.name) + "_count"] = p.pool->count();
  }
  return all;
}

void Model::set_counters(const std::map<std::string, std::uint64_t>& all) {
  for (const auto& [counter, stream] : streams_) stream->set_position(counter_of(all, counter));
  for (const Trainable& t : trainables_) t.networks->set_counters(all);
  for (const NamedPool& p : pools_) {
    p.pool->set_position(counter_of(all, counter_name(p.name)));
    if (counter_of(all, counter_name(p.name) + "_count") != p.pool->count())
      fail("resume", "the checkpoint is damaged: images of its pools are missing; use an older checkpoint");
  }
}

Tensor Model::infer(const std::string& name, const Tensor& x, bool raw) {
  Module& net = network(name);
  for (const auto& group : generators_)
    if (group->holds(net)) return group->infer(net, x, !raw);
  fail("model", fmt::format("{} has no generator {}", options_.model, name));
}

void Model::weights_changed() {
  for (const Trainable& t : trainables_) t.networks->arena().refresh_copy();
}

std::string Model::first_nonfinite() const {
  for (const Trainable& t : trainables_)
    if (std::string name = t.networks->first_nonfinite(); !name.empty()) return name;
  return "";
}

std::vector<std::string> Model::never_updated() const {
  std::vector<std::string> names;
  for (const Trainable& t : trainables_) {
    if (warming_up_ && t.discriminator) continue;  // not trained yet
    for (std::string& name : t.networks->never_updated()) names.push_back(std::move(name));
  }
  return names;
}

StepStats Model::named_stats(const std::vector<double>& numbers) const {
  StepStats stats;
  for (std::size_t i = 0; i < numbers.size(); ++i) stats.emplace_back(stat_names_.at(i), numbers[i]);
  return stats;
}

namespace {

[[noreturn]] void no_translator() {
  fail("model",
       "cannot translate any images; use a model that can (sumi models), or sumi generate for one that "
       "draws "
       "from noise");
}

[[noreturn]] void no_noise() {
  fail("model",
       "does not generate images from noise; use a model that does (sumi models), or sumi convert for one "
       "that "
       "translates");
}

}  // namespace

Tensor Model::generate(const Tensor&, bool) {
  no_noise();
}

Tensor Model::classify(const Tensor&, std::size_t) {
  fail("model", "does not classify images; give a run of sumi train classifier");
}

Tensor Model::noise(std::int64_t, RandomStream&, int) const {
  no_noise();
}

Model::Translator Model::translator(const std::string&) const {
  no_translator();
}

Tensor Model::translate(const Tensor&, const std::string&, bool) {
  no_translator();
}

}  // namespace sumi
