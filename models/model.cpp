// How a model is made, loaded and stepped.
#include "models/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/memory_stats.h"
#include "models/inference/shipped_files.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"

namespace sumi {

namespace {

constexpr double kSmallNeed = 64 << 20, kGiB = 1 << 30;

}  // namespace

Model::Model(const TrainOptions& o)
    : options_(o),
      device_(parse_device(o.device)),
      policy_{o.lr_policy, o.epochs, o.epochs_decay},
      networks_(model_spec(o.model).networks(o)),
      use_graph_(!o.no_cuda_graph && pictures_have_one_size(o)),
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
    kind.penalty = kind.penalty || due;  // all have had as many updates
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
    if (warming_up_ && t.discriminator) continue;  // it waits
    for (std::string& name : t.networks->never_updated()) names.push_back(std::move(name));
  }
  return names;
}

StepStats Model::named_stats(const std::vector<double>& numbers) const {
  StepStats stats;
  for (std::size_t i = 0; i < numbers.size(); ++i) stats.emplace_back(stat_names_.at(i), numbers[i]);
  return stats;
}

std::vector<PlannedNetwork> plan_networks(const TrainOptions& o) {
  const MetaDevice plan_only;
  std::vector<PlannedNetwork> planned = model_spec(o.model).networks(o);
  for (const PlannedNetwork& network : planned) network.module->set_name(network.name);
  return planned;
}

namespace {

// What weights, gradients and averages take must be there, or the system would kill the program instead of one line saying
// why. (The optimizer's moments come later, and only where training goes on.)
void check_memory(const TrainOptions& o) {
  double values = 0;
  for (const PlannedNetwork& network : plan_networks(o))
    values += static_cast<double>(network.module->parameter_count());
  const double need = values * static_cast<double>(size_of(dtype_of(o))) * (o.ema > 0 ? 3 : 2);
  if (need < kSmallNeed) return;
  const auto left = static_cast<double>(available_memory(parse_device(o.device)));
  if (left > 0 && need > left)
    fail("model",
         fmt::format("its weights and their gradients need {:.1f} GiB, but {:.1f} are available; use a "
                     "smaller network (--ngf, --ndf) or another machine",
                     need / kGiB, left / kGiB));
}

}  // namespace

void check_checkpoint_matches(const CheckpointFile& file, const TrainOptions& o) {
  try {
    validate(o);
  } catch (const Error& error) {
    fail("options of checkpoint " + file.path().string(), error.what());
  }
  std::map<std::string, Shape> stored;
  for (const CheckpointFile::Entry& entry : file.entries()) stored[entry.name] = entry.shape;
  for (const PlannedNetwork& network : plan_networks(o))
    for (const Parameter& p : network.module->parameters()) {
      const auto found = stored.find(network.name + "." + p.name);
      if (found == stored.end() || !(found->second == p.value.shape()))
        fail("checkpoint " + file.path().string(),
             fmt::format(
                 "is damaged: its options ask for {}.{} of {}, but it holds {}; use another checkpoint",
                 network.name, p.name, p.value.shape().str(),
                 found == stored.end() ? "none" : found->second.str()));
    }
}

namespace {

using Json = nlohmann::ordered_json;
using Tensors = std::map<std::string, Shape>;

// What a checkpoint of the options' networks holds of them; nothing where no network can be made.
std::optional<Tensors> planned_tensors(const TrainOptions& o) {
  Tensors tensors;
  try {
    for (const PlannedNetwork& network : plan_networks(o))
      for (const auto& list : {network.module->parameters(), network.module->buffers()})
        for (const Parameter& p : list) tensors[network.name + "." + p.name] = p.value.shape();
  } catch (const Error&) {
    return {};
  }
  return tensors;
}

// "--ngf 8, not 4", "--no-spectral-norm".
std::string setting(const std::string& name, const Json& there, const Json& here) {
  if (there.is_boolean())
    return there.get<bool>() ? "--" + name : name.starts_with("no-") ? "--" + name.substr(3) : "--no-" + name;
  const auto text = [](const Json& value) {
    return value.is_string() && !value.get<std::string>().empty() ? value.get<std::string>() : value.dump();
  };
  return fmt::format("--{} {}, not {}", name, text(there), text(here));
}

}  // namespace

void check_init_compatible(const CheckpointFile& file, const TrainOptions& o) {
  const auto wanted = planned_tensors(o);
  if (wanted && std::all_of(wanted->begin(), wanted->end(), [&](const auto& tensor) {
        return file.has(tensor.first) && file.shape(tensor.first) == tensor.second;
      }))
    return;
  const TrainOptions stored = stored_options(file);
  const auto made = planned_tensors(stored);
  const Json there = to_json(stored), here = to_json(o);
  std::string settings;
  for (const auto& [name, value] : there.items()) {
    if (value == here.at(name)) continue;
    TrainOptions mixed = stored;  // one option of this run's: would it alone have made other networks?
    update_from_json(mixed, Json{{name, here.at(name)}}, "--init");
    if (planned_tensors(mixed) != made)
      settings += (settings.empty() ? "" : "; ") + setting(name, value, here.at(name));
  }
  if (!settings.empty())  // otherwise the file is at fault, and loading says where
    fail("--init " + file.path().string(),
         fmt::format("its networks were made with {}; give that here too, or another checkpoint", settings));
}

std::unique_ptr<Model> make_model(const TrainOptions& o) {
  validate(o);
  check_memory(o);
  return model_spec(o.model).make(o);
}

void place_model(TrainOptions& o, const std::string& device, const std::string& precision) {
  if (!device.empty()) parse_device(device);  // what the caller wished is not the file's fault
  if (!device.empty()) o.device = device;
  if (!precision.empty()) {
    parse_precision(precision, parse_device(o.device));
    o.precision = precision;
  } else {
    fit_precision(o);  // weights may be rounded; drawing needs no more
  }
  set_multiply(parse_precision(o.precision, parse_device(o.device)).multiply);
}

std::unique_ptr<Model> load_model(const CheckpointFile& file, TrainOptions* options,
                                  const std::string& device, const std::string& precision) {
  TrainOptions o = stored_options(file);
  place_model(o, device, precision);
  check_checkpoint_matches(file, o);
  std::unique_ptr<Model> model;
  try {
    model = make_model(o);
  } catch (const Error& error) {  // too large for this machine
    fail("checkpoint " + file.path().string(), error.what());
  }
  model->load(file, false);
  if (options) *options = o;
  return model;
}

namespace {

[[noreturn]] void no_translator() {
  fail("model",
       "cannot translate any pictures; use a model that can (sumi models), or sumi generate for one that "
       "draws "
       "from noise");
}

[[noreturn]] void no_noise() {
  fail("model",
       "draws no pictures from noise; use a model that does (sumi models), or sumi convert for one that "
       "translates");
}

}  // namespace

Tensor Model::generate(const Tensor&, bool) {
  no_noise();
}

Tensor Model::classify(const Tensor&, std::size_t) {
  fail("model", "knows no classes; give a run of sumi train classifier");
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

namespace {

bool is_step_name(const std::string& stem) {
  return !stem.empty() && stem.size() < 19 &&
         std::all_of(stem.begin(), stem.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::filesystem::path resolve_checkpoint(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ec;
  if (!fs::exists(path, ec)) {
    if (fs::path shipped = shipped_weights(path.string()); !shipped.empty()) return shipped;
    fail("model " + path.string(),
         "does not exist; give a checkpoint file, a run directory or the name of weights that ship");
  }
  if (!fs::is_directory(path, ec)) return path;
  std::vector<std::pair<std::int64_t, fs::path>> found;
  for (const auto& entry : fs::directory_iterator(path / "checkpoints", ec))
    if (entry.path().extension() == ".safetensors" && is_step_name(entry.path().stem().string()))
      found.emplace_back(std::stoll(entry.path().stem().string()), entry.path());
  std::sort(found.rbegin(), found.rend());
  std::string reason = "there is none";
  for (const auto& [step, file] : found) {
    try {
      if (CheckpointFile(file).header().kind == "full") return file;
    } catch (const Error& e) {
      reason = e.what();
    }
  }
  fail("run " + path.string(),
       "holds no readable checkpoint (" + reason + "); is this a run directory of sumi train?");
}

}  // namespace sumi
