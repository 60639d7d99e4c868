#include "models/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "models/options/option_json.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/training/run_paths.h"
#include "models/training/trainable_networks.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

void check_freeze(const TrainOptions& o, const std::vector<PlannedNetwork>& networks) {
  const std::vector<std::string> prefixes = split_names(o.freeze);
  std::vector<bool> matched(prefixes.size());
  bool trains = false;
  for (const PlannedNetwork& network : networks)
    for (const Parameter& p : network.module->parameters()) {
      bool frozen = false;
      for (std::size_t i = 0; i < prefixes.size(); ++i)
        if ((network.name + "." + p.name).starts_with(prefixes[i])) matched[i] = frozen = true;
      trains = trains || !frozen;
    }
  for (std::size_t i = 0; i < prefixes.size(); ++i)
    if (!matched[i])
      fail("--freeze",
           fmt::format("value {}: no parameter's name begins with it; --dry-run lists the networks",
                       prefixes[i].substr(0, 60)));
  if (!trains)
    fail("--freeze", fmt::format("value {}: leaves nothing to train; freeze fewer layers", o.freeze));
}

// The model that `name` refers to in a file with these options.
const ModelSpec& stored_spec(const std::string& name, const Json& json) {
  for (const ModelSpec* spec : model_specs())
    for (const FormerName& former : spec->former_names)
      if (name == former.name && *former.option != 0 && json.is_object() &&
          json.value(former.option, Json()) == Json(former.value))
        return *spec;
  return model_spec(name);
}

// `json` of a model under a former name, without options that the model no longer has.
Json without_former_options(const Json& json, const OptionTable& table) {
  if (!json.is_object()) return json;
  Json kept = Json::object();
  for (const auto& [name, value] : json.items()) {
    const std::string opposite = name.starts_with("no-") ? name.substr(3) : name;
    if (table.has(name) || table.has(opposite) || !(all_options().has(name) || all_options().has(opposite)))
      kept[name] = value;
  }
  return kept;
}

}  // namespace

const OptionTable& option_table(const std::string& model) {
  static std::mutex mutex;
  static std::map<const ModelSpec*, OptionTable> tables;
  const ModelSpec& spec = model_spec(model);
  const std::lock_guard lock(mutex);
  auto [at, is_new] = tables.try_emplace(&spec);
  if (is_new) spec.options(at->second);
  return at->second;
}

const OptionTable& all_options() {
  static const OptionTable table = [] {
    OptionTable all;
    for (const ModelSpec* spec : model_specs()) all.add_missing(option_table(spec->name));
    return all;
  }();
  return table;
}

TrainOptions default_options(const std::string& model) {
  const ModelSpec& spec = model_spec(model);
  TrainOptions o;
  o.model = spec.name;
  spec.set_defaults(o);
  return o;
}

std::string unsupported_reason(const Option& option, const std::string&) {
  if (!option.absent.empty()) return option.absent;
  std::string having;
  for (const ModelSpec* spec : model_specs())
    if (option_table(spec->name).has(option.name))
      having += std::string(having.empty() ? "" : ", ") + spec->name;
  return "only " + having;
}

void validate(const TrainOptions& o) {
  check_values(option_table(o.model), o);
  const ModelSpec& spec = model_spec(o.model);
  if (o.channels == 4 && !spec.requirements.from_noise())
    fail("--channels", fmt::format("4 is not possible for {}; use 1 or 3", o.model));
  if (spec.check) spec.check(o);
  check_freeze(o, plan_networks(o));
}

Json to_json(const TrainOptions& options) {
  return options_to_json(option_table(options.model), options);
}

void update_from_json(TrainOptions& options, const Json& json, const std::string& where) {
  if (!json.is_object()) fail(where, "does not hold an object of options");
  const OptionTable& table = option_table(options.model);
  const auto model = json.find("model");
  if (model == json.end()) return options_from_json(table, options, json, where);
  const std::string name = json_text(*model, "model", where);
  std::string stands_for = name;
  try {
    stands_for = stored_spec(name, json).name;
  } catch (const Error& error) {
    fail(where, error.what());
  }
  if (stands_for != options.model)
    fail(where, fmt::format("is for the model {}, not {}", name.substr(0, 60), options.model));
  options_from_json(table, options, name == stands_for ? json : without_former_options(json, table), where);
}

void update_from_config(TrainOptions& options, const std::string& path) {
  const std::string where = "config " + path;
  Json json = read_config(path, where);
  std::string started_in;  // the folder of a run's options.json
  if (const auto found = json.is_object() ? json.find(kStartedIn) : json.end(); found != json.end()) {
    started_in = json_text(*found, kStartedIn, where);
    json.erase(kStartedIn);
  }
  update_from_json(options, json, where);
  if (!started_in.empty()) resolve_paths(options, {started_in});
}

TrainOptions stored_options(const std::string& model, Json json, const std::string& where,
                            const std::string& cure) {
  if (!json.is_object()) fail(where, "does not hold an object of options; " + cure);
  if (const auto found = json.find("model"); found == json.end())
    json["model"] = model;
  else if (const std::string name = json_text(*found, "model", where); name != model)
    fail(where,
         fmt::format("are of the model {}, but the file is of {}; {}", name.substr(0, 60), model, cure));
  TrainOptions options = default_options(stored_spec(model, json).name);
  update_from_json(options, json, where);
  return options;
}

bool takes_crops(const TrainOptions& options) {
  return option_table(options.model).has_group<CropOptions>() ||
         model_spec(options.model).requirements.packed;
}

bool images_have_one_size(const TrainOptions& o) {
  return !takes_crops(o) || (o.preprocess != "none" && o.preprocess != "scale_width");
}

int example_channels(const TrainOptions& options) {
  const PackedExamples* packed = model_spec(options.model).requirements.packed;
  return packed ? packed->channels(options) : options.channels;
}

ImageSize image_size(const TrainOptions& options) {
  return takes_crops(options) ? ImageSize(options.crop_size, options.crop_size) : options.size;
}

}  // namespace sumi
