#include "engine/graph/ncnn.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "engine/error.h"
#include "engine/graph/ncnn_nodes.h"
#include "engine/serialize/file.h"

namespace sumi::graph {
namespace {

constexpr std::uint64_t kMostText = 16 << 20;

const NcnnRules& all_ncnn_rules() {
  static const NcnnRules rules = [] {
    NcnnRules all;
    add_ncnn_product_rules(all);
    add_ncnn_pixel_rules(all);
    return all;
  }();
  return rules;
}

// Results that no layer reads.
void find_outputs(const std::vector<NcnnLayer>& layers, const std::string& shown, Graph& graph) {
  std::set<std::string> read, made;
  for (const NcnnLayer& layer : layers) read.insert(layer.inputs.begin(), layer.inputs.end());
  for (const NcnnLayer& layer : layers)
    for (const std::string& output : layer.outputs) {
      if (!made.insert(output).second)
        layer.refuse("makes the blob " + output + ", which another layer makes");
      if (read.count(output) == 0) graph.outputs.push_back({output, {}, true});
    }
  if (graph.outputs.empty()) fail(shown, "has no result: every blob is read by a layer");
}

}  // namespace

Attribute whole(std::vector<std::int64_t> values) {
  Attribute a;
  a.integers = std::move(values);
  return a;
}
Attribute number(double value) {
  Attribute a;
  a.reals = {static_cast<float>(value)};
  return a;
}
Attribute word(const char* text) {
  Attribute a;
  a.text = text;
  return a;
}

std::string NcnnNodes::fresh() {
  return fmt::format("{}\n{}", layer_->name, count_++);  // a name that no file can hold
}

std::string NcnnNodes::node(const char* op, const std::vector<std::string>& inputs,
                            const Attributes& attributes) {
  Node node;
  node.op = op;
  node.written = layer_->type;
  node.name = layer_->name;
  node.inputs = inputs;
  node.outputs = {fresh()};
  node.attributes = attributes;
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().outputs[0];
}

std::string NcnnNodes::reals(std::vector<float> values, const Dims& dims) {
  const std::string name = fresh();
  graph_.initializers[name] = std::make_shared<const Constant>(Constant::of_reals(std::move(values), dims));
  return name;
}

std::string NcnnNodes::integers(std::vector<std::int64_t> values) {
  const std::string name = fresh();
  const auto count = static_cast<std::int64_t>(values.size());
  graph_.initializers[name] =
      std::make_shared<const Constant>(Constant::of_integers(std::move(values), {count}));
  return name;
}

const std::string& NcnnNodes::input(std::size_t i) const {
  if (i >= layer_->inputs.size()) layer_->refuse("has too few blobs");
  return layer_->inputs[i];
}

std::int64_t NcnnNodes::within(int id, std::int64_t fallback, std::int64_t low, std::int64_t high) const {
  const std::int64_t value = layer_->integer(id, fallback);
  if (value < low || value > high)
    layer_->refuse(fmt::format("has {} as parameter {}; {} to {} are possible", value, id, low, high));
  return value;
}

std::string NcnnNodes::hard_gate(const std::string& y, double slope, double offset) {
  const std::string line = node("Mul", {y, scalar(slope)});
  return node("Clip", {node("Add", {line, scalar(offset)}), scalar(0), scalar(1)});
}

void NcnnNodes::refuse_int8() const {
  if (layer_->integer(8, 0) != 0) layer_->refuse("has int8 weights; export the network in f32 or f16");
}

std::string NcnnNodes::activated(const std::string& y) {
  const auto found = layer_->parameters.find(10);
  const std::vector<double> p = found == layer_->parameters.end() ? std::vector<double>() : found->second;
  const auto value = [&](std::size_t i) {
    if (i >= p.size()) layer_->refuse("has an activation with too few numbers");
    return p[i];
  };
  switch (layer_->integer(9, 0)) {
    case 0:
      return y;
    case 1:
      return node("Relu", {y});
    case 2:
      return node("LeakyRelu", {y}, {{"alpha", number(value(0))}});
    case 3:
      return node("Clip", {y, scalar(value(0)), scalar(value(1))});
    case 4:
      return node("Sigmoid", {y});
    case 6:
      return node("Mul", {y, hard_gate(y, value(0), value(1))});
    default:
      layer_->refuse(fmt::format("has the activation {}, which is not supported", layer_->integer(9, 0)));
  }
}

void NcnnNodes::expect_channels(std::int64_t channels) {
  const auto origin = origins_.find(input());
  if (origin == origins_.end()) return;
  for (ValueInfo& info : graph_.inputs)
    if (info.name == origin->second && info.dims[1] < 0) info.dims[1] = channels;
}

// The sizes that it declares are those of an example; programs feed others.
void NcnnNodes::add_input() {
  for (const std::string& output : layer_->outputs) {
    const bool vector = layer_->has(0) && !layer_->has(1) && !layer_->has(2);
    const std::int64_t channels = layer_->has(vector ? 0 : 2) ? within(vector ? 0 : 2, 3, 1, 1 << 20) : -1;
    const std::int64_t size = vector ? 1 : -1;
    graph_.inputs.push_back({output, {1, channels, size, size}, true});
    origins_[output] = output;
  }
}

void NcnnNodes::add(const NcnnLayer& layer) {
  layer_ = &layer;
  if (layer.type == "Input") return add_input();
  const auto rule = all_ncnn_rules().find(layer.type);
  if (rule == all_ncnn_rules().end()) layer.refuse("is not among the layers that sumi imports");
  const std::vector<std::string> made = rule->second(*this);
  for (std::size_t i = 0; i < layer.outputs.size(); ++i) {
    if (made.size() != 1 && i >= made.size()) layer.refuse("has more results than it makes");
    Node copy;
    copy.op = "Identity";
    copy.written = layer.type;
    copy.name = layer.name;
    copy.inputs = {made[made.size() == 1 ? 0 : i]};
    copy.outputs = {layer.outputs[i]};
    graph_.nodes.push_back(std::move(copy));
  }
  for (const char* keeps : {"Split", "Noop", "Padding", "Interp", "Dropout"})
    if (layer.type == keeps && !layer.inputs.empty())
      if (const auto origin = origins_.find(layer.inputs[0]); origin != origins_.end())
        for (const std::string& output : layer.outputs) origins_[output] = origin->second;
}

bool looks_like_ncnn(std::string_view first_bytes) {
  constexpr std::string_view kMagic = "7767517";
  return first_bytes.starts_with(kMagic) && first_bytes.size() > kMagic.size() &&
         (first_bytes[kMagic.size()] == '\n' || first_bytes[kMagic.size()] == '\r');
}

Graph parse_ncnn(std::string_view param, std::string_view bin, const std::string& shown) {
  const std::string where = "ncnn " + shown;
  if (!looks_like_ncnn(param)) fail(where, "is not the .param file of an ncnn network");
  const std::vector<NcnnLayer> layers = ncnn_layers(param, where);
  Graph graph;
  graph.kind = "ncnn";
  graph.opset = 17;
  NcnnWeights weights(bin);
  NcnnNodes nodes(graph, weights);
  find_outputs(layers, where, graph);
  for (const NcnnLayer& layer : layers) {
    nodes.add(layer);
    ++graph.layers[layer.type];
  }
  if (graph.inputs.empty()) fail(where, "has no Input layer");
  if (weights.left() > 0)
    fail(where, fmt::format("leaves {} bytes of the .bin file unread; the two files are not of one network",
                            weights.left()));
  return graph;
}

Graph read_ncnn(const std::filesystem::path& path) {
  const std::string param = read_file(path, kMostText);
  std::filesystem::path weights = path;
  weights.replace_extension(".bin");
  std::error_code error;
  if (!std::filesystem::is_regular_file(weights, error))
    fail("ncnn " + path.string(),
         fmt::format("its weights are missing: put {} beside it", weights.filename().string()));
  if (std::filesystem::file_size(weights, error) == 0) return parse_ncnn(param, "", path.string());
  const MappedFile bin(weights);
  return parse_ncnn(param, {reinterpret_cast<const char*>(bin.data()), bin.size()}, path.string());
}

}  // namespace sumi::graph
