#include "models/make_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/memory_stats.h"
#include "models/inference/shipped_files.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"

namespace sumi {

namespace {

constexpr double kSmallNeed = 64 << 20, kGiB = 1 << 30;

}  // namespace

namespace {

// Throws Error unless weights, gradients and averages fit into memory; otherwise the system would
// kill the process without a message. (The optimizer's moments are allocated later, and only for
// training.)
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

// The tensors that a checkpoint of the options' networks holds; empty if the options are
// impossible.
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
    if (!here.contains(name) || value == here.at(name)) continue;
    TrainOptions mixed = stored;  // this run's value of one option: does it alone change the networks?
    update_from_json(mixed, Json{{name, here.at(name)}}, "--init");
    if (planned_tensors(mixed) != made)
      settings += (settings.empty() ? "" : "; ") + setting(name, value, here.at(name));
  }
  if (!settings.empty())  // otherwise the file is at fault, and loading reports it
    fail("--init " + file.path().string(),
         fmt::format("its networks were made with {}; give that here too, or another checkpoint", settings));
}

std::unique_ptr<Model> make_model(const TrainOptions& o) {
  validate(o);
  check_memory(o);
  return model_spec(o.model).make(o);
}

void place_model(TrainOptions& o, const std::string& device, const std::string& precision) {
  if (!device.empty()) parse_device(device);  // an error in the arguments is not the file's fault
  if (!device.empty()) o.device = device;
  if (!precision.empty()) {
    parse_precision(precision, parse_device(o.device));
    o.precision = precision;
  } else {
    fit_precision(o);  // rounded weights suffice for inference
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
