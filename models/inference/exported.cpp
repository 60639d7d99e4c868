#include "models/inference/exported.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/error.h"
#include "engine/serialize/weight_file.h"
#include "models/inference/recognize_weights.h"
#include "models/inference/weight_import.h"
#include "models/make_model.h"
#include "models/options/json_text.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kExportCure = "export it again";

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string text_member(const Json& json, const char* name, const std::string& where) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string())
    fail(where, fmt::format("names no {}; {}", name, kExportCure));
  return found->get<std::string>();
}

ExportInfo parse_export(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where, kExportCure);
  if (!json.is_object()) fail(where, fmt::format("is {}, not an object; {}", short_text(json), kExportCure));
  ExportInfo info;
  const std::string model = text_member(json, "model", where);
  info.net = text_member(json, "net", where);
  info.options =
      stored_options(model, json.contains("options") ? json["options"] : Json::object(), where, kExportCure);
  validate(info.options);
  std::vector<std::string> known;
  for (const PlannedNetwork& network : plan_networks(info.options)) known.push_back(network.name);
  if (const auto found = json.find("networks"); found != json.end() && found->is_array())
    for (const Json& name : *found)
      if (name.is_string() && is_among(name.get<std::string>(), known)) info.networks.push_back(name);
  if (info.networks.empty() || (!info.net.empty() && info.networks != std::vector{info.net}))
    fail(where, fmt::format("names no networks of {}; {}", info.options.model, kExportCure));
  return info;
}

OpenedModel open_export(const std::filesystem::path& path, ExportInfo info, const std::string& device,
                        const std::string& precision) {
  OpenedModel opened;
  place_model(info.options, device, precision);
  // Before memory is allocated, because the options come from a file.
  std::vector<PlannedNetwork> planned = plan_networks(info.options);
  std::erase_if(planned, [&](const PlannedNetwork& n) { return !is_among(n.name, info.networks); });
  WeightFile file(path);
  if (info.net.empty()) file.choose_all();
  check_weights_fit(file, path.string(), info.net, planned);
  opened.model = make_model(info.options);
  auto networks = opened.model->networks();
  std::erase_if(networks, [&](const Model::Network& n) { return !is_among(n.name, info.networks); });
  take_weights(file, path.string(), info.net, networks);
  opened.model->weights_changed();
  opened.networks = info.networks;
  if (opened.directions().empty() && !is_among("g", opened.networks) &&
      !model_spec(info.options.model).requirements.classifies)
    fail("model " + path.string(),
         fmt::format("holds {} of {} only, which is not a generator; export the generator",
                     fmt::join(opened.networks, ", "), info.options.model));
  opened.options = std::move(info.options);
  return opened;
}

OpenedModel open_foreign(const std::filesystem::path& path, const std::string& device,
                         const std::string& precision, const std::string& net_key) {
  WeightFile file(path);
  RecognizedWeights known = recognize_weights(file, path.string(), net_key);
  OpenedModel opened;
  TrainOptions& options = known.options;
  options.ema = 0;
  options.ndf = options.n_layers_d = 1;  // the discriminator is not in the file and is not used
  place_model(options, device, precision);
  opened.model = make_model(options);
  auto networks = opened.model->networks();
  std::erase_if(networks, [&](const Model::Network& n) { return n.name != known.net; });
  const WeightMatch match = take_weights(file, path.string(), known.net, networks, known.rule);
  opened.model->weights_changed();
  opened.networks = {known.net};
  opened.recognized = fmt::format("{}: {}{}", path.filename().string(), known.text, match.notes());
  opened.options = options;
  return opened;
}

}  // namespace

bool is_foreign(const std::filesystem::path& file) {
  const WeightFile weights(file);
  const auto& metadata = weights.metadata();
  return !metadata.contains("sumi.format") && !metadata.contains(kExportKey);
}

std::string export_text(const ExportInfo& info) {
  static const std::set<std::string> paths{"data",  "data-a", "data-b",          "outdir",
                                           "cache", "init",   "feature-network", "freeze"};
  TrainOptions options = info.options;
  options.ema = 0;  // one set of weights is in the file
  const Json all = to_json(options);
  Json some = Json::object();
  for (const Option* row : option_table(options.model).rows())
    if (row->heading != "Machine" && row->heading != "Output" && !paths.contains(row->name))
      some[row->name] = all.at(row->name);
  return Json{{"model", options.model}, {"net", info.net}, {"networks", info.networks}, {"options", some}}
      .dump();
}

std::optional<ExportInfo> export_info(const std::filesystem::path& path) {
  const WeightFile file(path);
  const auto found = file.metadata().find(kExportKey);
  if (found == file.metadata().end()) return std::nullopt;
  const std::string where = "export " + path.string();
  try {
    return parse_export(found->second, where);
  } catch (const Error& error) {
    const std::string what = error.what();
    if (what.starts_with("[" + where)) throw;
    fail(where, what);
  }
}

std::vector<std::string> OpenedModel::directions() const {
  std::vector<std::string> held;
  for (const std::string& direction : model->directions())
    if (is_among(model->translator(direction).name, networks)) held.push_back(direction);
  return held;
}

OpenedModel open_model(const std::filesystem::path& file_or_run, const std::string& device,
                       const std::string& precision, const std::string& net_key) {
  const std::filesystem::path path = resolve_checkpoint(file_or_run);
  if (is_foreign(path)) return open_foreign(path, device, precision, net_key);
  if (auto info = export_info(path)) return open_export(path, std::move(*info), device, precision);
  OpenedModel opened;
  opened.model = load_model(CheckpointFile(path), &opened.options, device, precision);
  for (const Model::Network& network : opened.model->networks()) opened.networks.push_back(network.name);
  return opened;
}

}  // namespace sumi
