#include "models/export/network_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/error.h"
#include "engine/export/fold_norms.h"
#include "engine/export/nchw.h"
#include "engine/random.h"
#include "engine/serialize/safetensors.h"
#include "models/export/export_summary.h"
#include "models/options/comic_styles.h"

namespace sumi {
namespace {

constexpr int kRecordedSamples = 2;  // see record_graph()
constexpr std::uint64_t kExampleSeed = 20;

bool takes_images(const Shape& input) {
  return input.h > 1 || input.w > 1;
}

// Restores the mode in which a network computes.
class InferenceMode {
 public:
  explicit InferenceMode(Module& network) : network_(network) { network_.set_training(false); }
  ~InferenceMode() { network_.set_training(true); }
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;

 private:
  Module& network_;
};

Tensor clamped(const Tensor& x) {
  return affine(relu(affine(relu(x), -1, 1)), -1, 1);
}

// The stylizer's layers and the drawing composed of them, with the styles' inks.
NamedTensors stylized(Stylizer& model, Module& network, const Tensor& x, const Tensor& mixture) {
  std::vector<double> inks, opacities;
  for (const std::string& style : model.styles()) {
    const ComicInk ink = comic_ink(style);
    inks.insert(inks.end(), ink.color.begin(), ink.color.end());
    opacities.push_back(ink.opacity);
  }
  const auto count = static_cast<std::int64_t>(opacities.size());
  const Tensor colors = Tensor::from(inks, Shape::matrix(count, 3), x.dtype(), x.device());
  const Tensor covers = Tensor::from(opacities, Shape::matrix(count, 1), x.dtype(), x.device());
  const ComicLayers layers = comic_layers(x, dynamic_cast<ComicNetwork&>(network)(x, mixture));
  const Tensor drawing = compose_comic(layers, matmul(mixture, colors), matmul(mixture, covers));
  return {{"output", clamped(drawing)}, {"flat", layers.flat}, {"line", layers.line}};
}

int next_multiple(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

ExportedFunction::ExportedFunction(const ExportJob& job)
    : model_(job.model),
      options_(job.options),
      network_(job.networks.at(0)),
      stylizer_(network_.name == "g" ? as_stylizer(job.model) : nullptr) {
  for (const std::string& direction : model_.directions()) {
    const Model::Translator translator = model_.translator(direction);
    if (translator.name != network_.name) continue;
    direction_ = direction;
    multiple_ = translator.multiple;
    smallest_side_ = translator.smallest_side;
  }
}

NamedTensors ExportedFunction::operator()(const NamedTensors& inputs) const {
  const NoGrad no_grad;
  const Tensor& x = inputs.at(0).second;
  if (stylizer_) return stylized(*stylizer_, *network_.module, x, inputs.at(1).second);
  if (!direction_.empty()) return {{"output", model_.translate(x, direction_, true)}};
  // Only generators of models that draw from noise have such inputs and this name.
  if (network_.name == "g" && !takes_images(network_.input)) return {{"output", model_.generate(x, true)}};
  const InferenceMode mode(*network_.module);
  return {{"output", (*network_.module)(x)}};
}

NamedTensors ExportedFunction::each(const NamedTensors& inputs) const {
  if (direction_.empty()) return (*this)(inputs);
  std::vector<std::pair<std::string, std::vector<Tensor>>> parts;
  for (std::int64_t i = 0; i < inputs.at(0).second.shape().n; ++i) {
    NamedTensors one;
    for (const auto& [name, x] : inputs) one.emplace_back(name, x.batch_slice(i, 1));
    const NamedTensors results = (*this)(one);
    if (i == 0) parts.resize(results.size());
    for (std::size_t k = 0; k < results.size(); ++k) {
      parts[k].first = results[k].first;
      parts[k].second.push_back(results[k].second);
    }
  }
  NamedTensors joined;
  for (const auto& [name, samples] : parts) joined.emplace_back(name, concat(samples, 0));
  return joined;
}

NamedTensors ExportedFunction::random_inputs(std::int64_t count, std::int64_t height, std::int64_t width,
                                             std::uint64_t seed) const {
  RandomStream stream(seed, 0);
  const Shape shape{count, height, width, network_.input.c};
  if (!takes_images(network_.input)) return {{"input", stream.normal(shape, DType::f32, Device{})}};
  if (!stylizer_) return {{"input", stream.uniform(shape, DType::f32, Device{}, -1, 1)}};
  const auto styles = static_cast<std::int64_t>(stylizer_->styles().size());
  const Tensor shares = stream.uniform(Shape::matrix(count, styles), DType::f32, Device{}, 0.1, 1);
  return {{"input", stream.uniform(shape, DType::f32, Device{}, 0, 1)},
          {"style", div(shares, sum_to(shares, {count, 1, 1, 1}))}};
}

std::string ExportedFunction::input_range() const {
  if (stylizer_) return "0..1";
  if (takes_images(network_.input)) return "-1..1";
  return network_.name == "g" ? "noise (" + options_.latent + ")" : "features";
}

std::string ExportedFunction::output_range() const {
  if (stylizer_) return "0..1";
  return !direction_.empty() || network_.name == "g" ? "-1..1" : "unbounded";
}

std::map<const void*, std::string> ExportedFunction::parameter_names() const {
  std::map<const void*, std::string> names;
  for (const Parameter& p : network_.module->parameters()) names[p.value.id()] = p.name;
  for (const Parameter& p : network_.module->buffers()) names[p.value.id()] = p.name;
  return names;
}

namespace {

OpGraph recorded(const ExportedFunction& network, std::int64_t height, std::int64_t width) {
  const NamedTensors inputs = network.random_inputs(kRecordedSamples, height, width, 0);
  return record_graph(
      inputs, [&] { return network(inputs); }, network.parameter_names());
}

// At the smallest size where the graph shows that sizes may vary, which saves time.
OpGraph record_network(const ExportedFunction& network) {
  const Shape input = network.input();
  const int side = next_multiple(std::max(network.smallest_side(), 32), network.multiple());
  if (network.smallest_side() > 1 && side < input.h) {
    OpGraph small = recorded(network, side, side);
    if (small.takes_any_size()) return small;
  }
  return recorded(network, input.h, input.w);
}

std::vector<std::pair<std::string, std::string>> facts_of(const ExportJob& job,
                                                          const ExportedFunction& network, bool any_size) {
  const Shape input = network.input();
  std::vector<std::pair<std::string, std::string>> facts{
      {"sumi.version", job.version},
      {"sumi.model", job.options.model},
      {"sumi.network", network.name()},
      {"layout", "NCHW"},
      {"input_range", network.input_range()},
      {"output_range", network.output_range()},
      {"channels", input.c == 3 ? "RGB" : std::to_string(input.c)},
      {"size", any_size ? "any" : fmt::format("{}x{}", input.h, input.w)},
      {"multiple", std::to_string(network.multiple())},
      {"smallest_side", std::to_string(network.smallest_side())},
  };
  if (network.is_stylizer()) {
    std::string styles;
    for (const std::string& style : as_stylizer(job.model)->styles())
      styles += (styles.empty() ? "" : ",") + style;
    facts.emplace_back("styles", styles);
  }
  if (!job.license.empty()) facts.emplace_back("license", job.license);
  facts.emplace_back("sumi.recipe", exported_text(job));
  return facts;
}

}  // namespace

NetworkGraph network_graph(const ExportJob& job) {
  const ExportedFunction network(job);
  NetworkGraph made{record_network(network), false, {}};
  made.any_size = takes_images(network.input()) && made.graph.takes_any_size();
  if (job.simplify) fold_norms(made.graph);
  made.facts = facts_of(job, network, made.any_size);
  return made;
}

std::string graph_note(const NetworkGraph& network, const std::string& what) {
  const auto fact = [&](const std::string& name) {
    for (const auto& [key, value] : network.facts)
      if (key == name) return value;
    return std::string();
  };
  const std::string sizes = network.any_size ? fmt::format("any size in multiples of {} from {} on",
                                                           fact("multiple"), fact("smallest_side"))
                                             : "input " + fact("size");
  return fmt::format("{}; {}; values {}", what, sizes, fact("input_range"));
}

void write_examples(const ExportJob& job, const std::filesystem::path& path) {
  const ExportedFunction network(job);
  const Shape input = network.input();
  const bool any_size = takes_images(input) && record_network(network).takes_any_size();
  SafetensorsWriter writer;
  std::vector<std::vector<float>> memory;
  memory.reserve(16);  // so that the writer's pointers stay valid
  const auto add = [&](const NamedTensors& tensors, const std::string& suffix) {
    for (const auto& [name, x] : tensors) {
      memory.push_back(nchw_values(x));
      writer.add(name + suffix, "F32", nchw_shape(x.shape()), memory.back().data(),
                 memory.back().size() * sizeof(float));
    }
  };
  const auto example = [&](std::int64_t count, std::int64_t height, std::int64_t width,
                           const std::string& suffix) {
    const NamedTensors inputs = network.random_inputs(count, height, width, kExampleSeed);
    add(inputs, suffix);
    add(network.each(inputs), suffix);
  };
  example(3, input.h, input.w, "");
  if (any_size) {
    const int side = next_multiple(std::max(network.smallest_side(), 48), network.multiple());
    example(1, std::max<std::int64_t>(side, input.h) + network.multiple(), side + 3 * network.multiple(),
            ".1");
  }
  writer.write(path);
}

}  // namespace sumi
