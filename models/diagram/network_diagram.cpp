// The layers of a network, from the ops of one recorded forward pass.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/runtime/trace.h"
#include "models/diagram/diagram.h"
#include "models/planned_network.h"

namespace sumi {
namespace {

constexpr std::size_t kLongestBlock = 24;  // nodes of a sequence that may repeat
constexpr std::size_t kFewestRepeats = 3;

const void* address_of(const Tensor& t) {
  return t ? t.view().data : nullptr;
}

// A layer, or an op outside of layers.
struct Layer {
  std::string name;  // "main.0"; empty for an op outside of layers
  std::vector<std::string> ops;
  Shape output;
  std::int64_t parameters = 0;
  std::vector<std::size_t> from;  // layers; kInput: the network's input

  std::string text() const {
    std::string label = name.empty() ? "" : name + "\n";
    for (std::size_t i = 0; i < ops.size(); ++i) label += (i ? " + " : "") + ops[i];
    label += "\n" + sample_shape(output);
    return parameters ? label + "   " + grouped(parameters) + " parameters" : label;
  }
  // Equal for layers that differ in their names only.
  std::string signature() const {
    Layer same = *this;
    same.name.clear();
    return same.text();
  }
};
constexpr std::size_t kInput = static_cast<std::size_t>(-1);

// The ops of one pass, merged by module, in the order of execution.
class Layers {
 public:
  void add(const OpRecord& record) {
    const std::size_t at = layer_of(record);
    for (const Tensor& t : record.reads) {
      const void* const address = address_of(t);
      const auto made = made_by_.find(address);
      const std::size_t from = made != made_by_.end() ? made->second : kInput;
      if (made == made_by_.end() && address != input) continue;
      std::vector<std::size_t>& all = layers[at].from;
      if (from != at && std::find(all.begin(), all.end(), from) == all.end()) all.push_back(from);
    }
    if (std::find(layers[at].ops.begin(), layers[at].ops.end(), record.op) == layers[at].ops.end())
      layers[at].ops.push_back(record.op);
    layers[at].output = record.output;
    made_by_[address_of(record.result)] = at;
  }

  // Adds the counts of parameters to their layers: "main.0.weight" to "main.0". A norm in a fused
  // layer has a name of its own, "main.1", and follows the layer in the list.
  void add_parameters(const Module& network) {
    Layer* owner = nullptr;
    for (const Parameter& p : network.parameters()) {
      Layer* named = nullptr;
      for (Layer& layer : layers)
        if (!layer.name.empty() && p.name.starts_with(layer.name + ".") &&
            (!named || layer.name.size() > named->name.size()))
          named = &layer;
      if (named) owner = named;
      if (owner) owner->parameters += p.value.count();
    }
  }

  std::vector<Layer> layers;
  const void* input = nullptr;

 private:
  std::size_t layer_of(const OpRecord& record) {
    const std::string& path = record.module;
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos) {
      layers.push_back({});
      return layers.size() - 1;
    }
    const auto [found, is_new] = by_path_.insert({path, layers.size()});
    if (is_new) layers.push_back({.name = path.substr(dot + 1), .ops = {}, .output = {}, .from = {}});
    return found->second;
  }

  std::unordered_map<const void*, std::size_t> made_by_;
  std::map<std::string, std::size_t> by_path_;
};

struct Repeat {
  std::size_t period = 0, count = 0;
};

// The sequence that begins at `at` and follows itself most often, if it saves nodes.
Repeat repeat_at(const std::vector<std::string>& signatures, std::size_t at) {
  Repeat best;
  for (std::size_t period = 1; period <= kLongestBlock && at + 2 * period <= signatures.size(); ++period) {
    std::size_t count = 1;
    const auto begin = signatures.begin() + static_cast<std::ptrdiff_t>(at);
    const auto width = static_cast<std::ptrdiff_t>(period);
    while (at + (count + 1) * period <= signatures.size() &&
           std::equal(begin, begin + width, begin + width * static_cast<std::ptrdiff_t>(count)))
      ++count;
    if (count >= kFewestRepeats && period * (count - 1) > best.period * std::max<std::size_t>(best.count, 1))
      best = {period, count};
  }
  return best;
}

}  // namespace

void add_network_diagram(DotGraph& graph, Module& network, const Shape& input) {
  Shape two = input;
  two.n = 2;  // batch norm needs two
  RandomStream stream(1, 0), dropped(1, 1);
  set_dropout_stream(network, dropped);
  initialize(network, {}, stream);
  const NoGrad no_grad;
  const Tensor x = stream.uniform(two, DType::f32, Device{}, -1, 1);
  Layers recorded;
  recorded.input = address_of(x);
  Trace trace(true);
  const Tensor y = network(x);
  for (const OpRecord& record : trace.records) recorded.add(record);
  recorded.add_parameters(network);

  const std::vector<Layer>& layers = recorded.layers;
  std::vector<std::string> signatures;
  for (const Layer& layer : layers) signatures.push_back(layer.signature());

  const std::size_t cluster =
      graph.add_cluster(fmt::format("{}: {} -> {}, {} parameters", network.name(), sample_shape(two),
                                    sample_shape(y.shape()), grouped(network.parameter_count())));
  const std::size_t source = graph.add_node(DotGraph::Kind::data, "input\n" + sample_shape(two), cluster);
  std::vector<std::size_t> nodes(layers.size());
  for (std::size_t i = 0; i < layers.size();) {
    const Repeat repeat = repeat_at(signatures, i);
    const std::size_t period = std::max<std::size_t>(repeat.period, 1);
    const std::size_t count = std::max<std::size_t>(repeat.count, 1);
    for (std::size_t k = 0; k < period; ++k) {
      const std::string times = count > 1 ? fmt::format("\n({} times)", count) : "";
      nodes[i + k] = graph.add_node(DotGraph::Kind::op, layers[i + k].text() + times, cluster);
      for (std::size_t again = 1; again < count; ++again) nodes[i + again * period + k] = nodes[i + k];
    }
    i += period * count;
  }
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (const std::size_t from : layers[i].from) {
      const std::size_t begin = from == kInput ? source : nodes[from];
      if (begin < nodes[i]) graph.add_edge(begin, nodes[i]);  // not back to the first of several repeats
    }
}

}  // namespace sumi
