#include "models/inference/gate_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/runtime/device.h"
#include "engine/serialize/checkpoint.h"
#include "engine/serialize/safetensors.h"
#include "models/inference/feature_backbone.h"
#include "models/make_model.h"
#include "models/options/json_text.h"
#include "models/registry.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/class_labels.h"

namespace sumi {
namespace {

constexpr const char* kAttachAgain = "attach a gate again with sumi gate --attach";
constexpr const char* kGatePrefix = "gate.";
constexpr const char* kHeadWeight = "head.fc.weight";
constexpr const char* kHeadBias = "head.fc.bias";
constexpr int kLeastGateSide = 16, kMostGateSide = 512;
constexpr std::int64_t kMostWidth = 256;
constexpr std::size_t kLongestName = 40;

void read_description(const std::string& text, const std::string& where, GateWeights& gate) {
  const auto json = parse_json(text, where, kAttachAgain);
  const auto bad = [&](const char* what) {
    fail(where, fmt::format("has no valid {}; {}", what, kAttachAgain));
  };
  if (!json.is_object() || !json.contains("format") || json["format"] != 1) bad("format");
  if (!json.contains("size") || !json["size"].is_number_unsigned()) bad("size");
  const auto side = json["size"].get<std::uint64_t>();
  if (side < kLeastGateSide || side > kMostGateSide) bad("size");
  gate.size = static_cast<int>(side);
  if (!json.contains("temperature") || !json["temperature"].is_number()) bad("temperature");
  gate.temperature = json["temperature"].get<double>();
  if (!(gate.temperature >= 1e-3 && gate.temperature <= 1e3)) bad("temperature");
  if (!json.contains("names") || !json["names"].is_array() || json["names"].size() != 3) bad("names");
  for (std::size_t i = 0; i < 3; ++i) {
    if (!json["names"][i].is_string()) bad("names");
    gate.names[i] = json["names"][i].get<std::string>();
    if (gate.names[i].empty() || gate.names[i].size() > kLongestName) bad("names");
  }
}

// Names and shapes of the tensors of a gate of this width.
std::map<std::string, Shape> gate_shapes(std::int64_t width) {
  std::map<std::string, Shape> shapes;
  const MetaDevice no_memory;
  const auto trunk = feature_trunk(3, width, DType::f32, parse_device("cpu"));
  for (const auto& list : {trunk->parameters(), trunk->buffers()})
    for (const Parameter& p : list) shapes["f." + p.name] = p.value.shape();
  shapes[kHeadWeight] = Shape{3, 1, 1, trunk_stages().back().widths * width};
  shapes[kHeadBias] = Shape::vector(3);
  return shapes;
}

void check_finite(const std::vector<double>& values, const std::string& where, const std::string& name) {
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    fail(where, fmt::format("holds NaN or infinity in {}; {}", name, kAttachAgain));
}

}  // namespace

std::optional<GateWeights> read_gate(const std::filesystem::path& path) {
  if (weight_format(path) != WeightFormat::safetensors) return std::nullopt;
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto found = file.metadata().find(kGateKey);
  if (found == file.metadata().end()) return std::nullopt;
  const std::string where = "gate of " + path.string();
  GateWeights gate;
  read_description(found->second, where, gate);
  const StoredTensor* first = file.find(std::string(kGatePrefix) + "f.conv1_1.weight");
  if (!first || first->shape.size() != 4 || first->shape[0] < 1 || first->shape[0] > kMostWidth)
    fail(where, fmt::format("has no first layer of a possible width; {}", kAttachAgain));
  gate.width = first->shape[0];
  const WeightFile weights(path);
  for (const auto& [name, shape] : gate_shapes(gate.width)) {
    const StoredTensor* stored = file.find(kGatePrefix + name);
    if (!stored || stored->shape != std::vector{shape.n, shape.h, shape.w, shape.c})
      fail(where, fmt::format("has no tensor gate.{} of {}; {}", name, shape.str(), kAttachAgain));
    auto values = weights.values(kGatePrefix + name);
    if (values.empty())
      fail(where, fmt::format("has gate.{} of the type {}, no float; {}", name, stored->dtype, kAttachAgain));
    check_finite(values, where, "gate." + name);
    gate.tensors[name] = {shape, std::move(values)};
  }
  return gate;
}

namespace {

// Row i of the result is the row of class order[i].
void order_rows(std::vector<double>& values, const std::array<std::size_t, 3>& rows) {
  const std::size_t row = values.size() / 3;
  std::vector<double> ordered;
  for (const std::size_t i : rows)
    ordered.insert(ordered.end(), values.begin() + static_cast<std::ptrdiff_t>(i * row),
                   values.begin() + static_cast<std::ptrdiff_t>((i + 1) * row));
  values = std::move(ordered);
}

}  // namespace

GateWeights gate_of_classifier(const std::filesystem::path& run_or_checkpoint,
                               const std::array<std::string, 3>& order) {
  const CheckpointFile file(resolve_checkpoint(run_or_checkpoint));
  const std::string where = "gate " + file.path().string();
  const TrainOptions options = stored_options(file);
  if (!model_spec(options.model).requirements.classifies)
    fail(where,
         fmt::format("is a checkpoint of the model {}; give one of sumi train classifier", options.model));
  check_checkpoint_matches(file, options);
  const auto sets = class_names(options);
  if (sets.size() != 1 || sets[0].size() != 3 || options.channels != 3)
    fail(where,
         "is not a classifier of three classes and RGB images; train one on a folder with three subfolders");
  if (options.size < kLeastGateSide || options.size > kMostGateSide || options.width > kMostWidth)
    fail(where, fmt::format("was trained with --size {} and --width {}; use sizes from {} to {} and widths "
                            "up to {}",
                            options.size, options.width, kLeastGateSide, kMostGateSide, kMostWidth));
  std::array<std::size_t, 3> rows{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto found = std::find(sets[0].begin(), sets[0].end(), order[i]);
    if (found == sets[0].end() || std::count(order.begin(), order.end(), order[i]) > 1)
      fail(where, fmt::format("has the classes {}; name each once, in the order domain A, domain B, other",
                              fmt::join(sets[0], ", ")));
    rows[i] = static_cast<std::size_t>(found - sets[0].begin());
  }
  GateWeights gate;
  gate.size = static_cast<int>(options.size);
  gate.width = options.width;
  gate.names = order;
  const WeightFile weights(file.path());
  for (const auto& [name, shape] : gate_shapes(gate.width)) {
    const std::string plain = name.starts_with("head.") ? "head1." + name.substr(5) : name;
    const std::string averaged = "ema." + plain;
    std::vector<double> values = weights.values(file.has(averaged) ? averaged : plain);
    check_finite(values, where, plain);
    if (name.starts_with("head.")) order_rows(values, rows);
    gate.tensors[name] = {shape, std::move(values)};
  }
  return gate;
}

void attach_gate(const std::filesystem::path& checkpoint, const GateWeights& gate,
                 const std::filesystem::path& out) {
  const SafetensorsFile file = SafetensorsFile::open(checkpoint);
  SafetensorsWriter writer;
  for (const auto& [key, value] : file.metadata())
    if (key != kGateKey) writer.set_metadata(key, value);
  for (const auto& [name, tensor] : file.tensors())
    if (!name.starts_with(kGatePrefix))
      writer.add(name, tensor.dtype, tensor.shape, tensor.data, tensor.bytes);
  std::deque<std::vector<float>> memory;
  for (const auto& [name, tensor] : gate.tensors) {
    const auto& values = memory.emplace_back(tensor.values.begin(), tensor.values.end());
    const Shape& s = tensor.shape;
    writer.add(kGatePrefix + name, "F32", {s.n, s.h, s.w, s.c}, values.data(), values.size() * sizeof(float));
  }
  writer.set_metadata(
      kGateKey,
      nlohmann::ordered_json{
          {"format", 1}, {"size", gate.size}, {"names", gate.names}, {"temperature", gate.temperature}}
          .dump());
  writer.write(out);
}

}  // namespace sumi
