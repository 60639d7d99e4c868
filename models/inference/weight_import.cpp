#include "models/inference/weight_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/error.h"
#include "engine/serialize/torch_layout.h"
#include "models/inference/weight_parts.h"
#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLargest = std::numeric_limits<float>::max();

constexpr const char* kAdvice = " (check --model, --net and the network options: sumi import --help)";

template <class Networks>
std::vector<NamedModule> modules_of(const Networks& networks) {
  std::vector<NamedModule> all;
  for (const auto& network : networks) all.push_back({network.name, &*network.module});
  return all;
}

void copy_values(const WeightFile& file, const WeightMatch::Pair& pair, WeightProblems& problems) {
  const Parameter& p = pair.parameter;
  if (pair.source.empty()) {
    p.value.assign(Tensor::zeros(p.value.shape(), DType::f32, Device{}));
    return;
  }
  const std::vector<double> values = file.values(pair.source);
  if (values.empty())
    problems.add(
        fmt::format("{} is not stored as F32, F64, F16 or BF16; convert it to F32 first", pair.name));
  else if (!std::all_of(values.begin(), values.end(), [](double v) { return std::abs(v) < kLargest; }))
    problems.add(pair.name + " holds NaN, infinity or numbers beyond 32-bit floats");
  else
    p.value.assign(from_torch(values, p.value.shape(), p.layout));
}

// Alternative option values with which the file's network may have been built.
std::vector<std::pair<std::string, Json>> other_settings(const TrainOptions& o) {
  std::vector<std::pair<std::string, Json>> all;
  const auto add = [&](const char* name, const Json& values) {
    for (const Json& value : values) all.emplace_back(name, value);
  };
  for (const char* flag : {"no-dropout", "spectral-norm", "virtual-batch-norm"}) add(flag, {true, false});
  for (const char* name : {"norm", "upsample", "net-g", "net-d", "variant"})
    if (const Option* option = option_table(o.model).find(name))
      for (const std::string& word : option->words) all.emplace_back(name, word);
  add("channels", {1, 3});
  for (const char* width : {"ngf", "ndf", "nz", "size"})
    add(width, {2, 3, 4, 8, 10, 16, 20, 24, 28, 32, 48, 62, 64, 96, 100, 128, 256, 512});
  for (const char* depth : {"n-blocks", "n-layers-d"}) add(depth, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16});
  return all;
}

std::string as_option(const std::string& name, const Json& value) {
  if (value.is_boolean())
    return "--" + (value.get<bool>() ? name : name.starts_with("no-") ? name.substr(3) : "no-" + name);
  return fmt::format("--{} {}", name, value.is_string() ? value.get<std::string>() : value.dump());
}

}  // namespace

WeightMatch take_weights(const WeightFile& file, const std::string& path, const std::string& net,
                         const std::vector<Model::Network>& networks, NameRule rule) {
  WeightProblems problems;
  WeightMatch match = match_weights(file, path, net, modules_of(networks), rule, problems);
  for (const WeightMatch::Pair& pair : match.pairs) copy_values(file, pair, problems);
  problems.raise("import " + path, kAdvice);
  return match;
}

WeightMatch check_weights_fit(const WeightFile& file, const std::string& path, const std::string& net,
                              const std::vector<PlannedNetwork>& networks, NameRule rule) {
  WeightProblems problems;
  WeightMatch match = match_weights(file, path, net, modules_of(networks), rule, problems);
  problems.raise("import " + path, kAdvice);
  return match;
}

std::string fitting_option(const WeightFile& file, const std::string& path, const std::string& net,
                           const TrainOptions& options) {
  for (const auto& [name, value] : other_settings(options)) {
    try {
      TrainOptions other = options;
      update_from_json(other, Json{{name, value}}, "");  // throws if the model does not have the option
      check_weights_fit(file, path, net, plan_networks(other));
      return as_option(name, value);
    } catch (const std::exception&) {
    }
  }
  return "";
}

WeightMatch import_weights(WeightFile& file, const std::string& path, const std::string& key,
                           const std::string& net, const TrainOptions& options,
                           const std::vector<Model::Network>& networks) {
  const std::vector<NamedModule> modules = modules_of(networks);
  const auto fits = [&](NameRule rule) {
    WeightProblems problems;
    try {
      const WeightMatch match = match_weights(file, path, net, modules, rule, problems);
      return !problems.any() && !match.pairs.empty();
    } catch (const Error&) {
      return false;
    } catch (const std::invalid_argument&) {  // names do not say which network
      return false;
    }
  };
  const auto fit = [&](NameRule rule) { return choose_part(file, path, key, [&] { return fits(rule); }); };
  if (net.empty() && key.empty()) {  // networks in a dictionary each, as sumi export writes them
    file.choose_all();
    if (fits(NameRule::by_name)) return take_weights(file, path, net, networks);
  }
  if (fit(NameRule::by_name)) return take_weights(file, path, net, networks);
  if (const std::string hint = fitting_option(file, path, net, options); !hint.empty()) {
    try {
      return take_weights(file, path, net, networks);
    } catch (const Error& error) {
      throw Error(fmt::format("{}; they fit with {}: add it", error.what(), hint));
    }
  }
  if (!net.empty() && fit(NameRule::by_order))
    return take_weights(file, path, net, networks, NameRule::by_order);
  return take_weights(file, path, net, networks);  // says what does not fit
}

}  // namespace sumi
