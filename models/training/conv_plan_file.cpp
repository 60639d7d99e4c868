#include "models/training/conv_plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/runtime/device.h"
#include "engine/serialize/file.h"
#include "models/options/json_text.h"
#include "models/settings.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr std::uint64_t kMostBytes = 1 << 20;

}  // namespace

Json to_json(const StoredPlan& stored) {
  Json json;
  json["sumi.plan"] = kFormat;
  json["kernels"] = stored.kernels;
  json["threads"] = stored.threads;
  json["convolutions"] = Json::object();
  for (const auto& [use, method] : stored.plan.methods)
    append_member(json["convolutions"], use, name_of(method));
  return json;
}

StoredPlan plan_from_json(const Json& json, const std::string& where, const std::string& cure) {
  const auto refuse = [&](const std::string& what) { fail(where, what + "; " + cure); };
  if (!json.is_object() || !json.contains("sumi.plan")) refuse("is not a plan of convolutions");
  if (json["sumi.plan"] != kFormat) refuse("has an unknown format " + short_text(json["sumi.plan"]));
  for (const char* name : {"kernels", "threads", "convolutions"})
    if (!json.contains(name)) refuse(fmt::format("has no {}", name));
  const Json &kernels = json["kernels"], &threads = json["threads"], &convolutions = json["convolutions"];
  if (!kernels.is_string()) refuse("has kernels as " + short_text(kernels) + ", not text");
  if (!threads.is_number_unsigned() || threads.get<std::uint64_t>() > 4096)
    refuse("has threads as " + short_text(threads) + ", not a number from 0 to 4096");
  if (!convolutions.is_object())
    refuse("has convolutions as " + short_text(convolutions) + ", not an object");
  StoredPlan stored{kernels.get<std::string>(), threads.get<int>(), {}};
  for (const auto& [use, value] : convolutions.items()) {
    const auto* found = std::find_if(std::begin(kConvMethods), std::end(kConvMethods),
                                     [&, &v = value](ConvAlgorithm m) { return v == name_of(m); });
    if (found == std::end(kConvMethods))
      refuse(
          fmt::format("does {} by {}, not by own, onednn or winograd", short_text(use), short_text(value)));
    stored.plan.methods.emplace(use, *found);
  }
  return stored;
}

void write_plan(const std::filesystem::path& path, const StoredPlan& stored) {
  write_file_atomically(path, to_json(stored).dump(1) + "\n");
}

StoredPlan read_plan(const std::filesystem::path& path) {
  const std::string where = "--conv-plan " + path.string(), cure = "make one with sumi tune";
  const std::string text = read_file(path, kMostBytes);
  return plan_from_json(parse_json(text, where, cure), where, cure);
}

ConvPolicy conv_policy(const TrainOptions& options, const std::optional<StoredPlan>& plan) {
  ConvPolicy policy = parse_conv_policy(options.conv_backend, options.no_winograd);
  if (plan) policy.plan = std::make_shared<ConvPlan>(plan->plan);
  return policy;
}

std::string plan_warning(const StoredPlan& stored) {
  const std::string here = compute_signature({Device::Kind::cpu, 0});
  if (stored.kernels != here)
    return fmt::format("the plan was measured with {}, this is {}: sumi tune makes one for it",
                       stored.kernels, here);
  if (stored.threads != threads())
    return fmt::format(
        "the plan was measured with {} threads, now there are {}: sumi tune makes one for them",
        stored.threads, threads());
  return "";
}

}  // namespace sumi
