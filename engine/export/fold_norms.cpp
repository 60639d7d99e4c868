#include "engine/export/fold_norms.h"

#include <cmath>
#include <vector>

namespace sumi {
namespace {

using FoldKind = GraphNode::Kind;

bool is_linear_map(const GraphNode& node) {
  return node.kind == FoldKind::conv || node.kind == FoldKind::conv_transpose || node.kind == FoldKind::dense;
}

std::vector<double> constant_or(const OpGraph& graph, std::size_t value, std::int64_t count, double missing) {
  if (value == kNoValue) return std::vector<double>(static_cast<std::size_t>(count), missing);
  return graph.value(value).constant.to_vector<double>();
}

std::size_t add_constant(OpGraph& graph, const std::string& name, const std::vector<double>& values,
                         const Shape& shape) {
  graph.values.push_back({name, shape, Tensor::from(values, shape, DType::f32, Device{})});
  return graph.values.size() - 1;
}

void fold(OpGraph& graph, GraphNode& map, const GraphNode& norm) {
  const GraphValue weight = graph.value(map.inputs.at(1));
  const bool transposed = map.kind == FoldKind::conv_transpose;
  const std::int64_t channels = graph.shape(map.output).c;
  std::vector<double> w = weight.constant.to_vector<double>();
  std::vector<double> b = constant_or(graph, map.inputs.at(2), channels, 0);
  const std::vector<double> gamma = constant_or(graph, norm.inputs.at(1), channels, 1),
                            beta = constant_or(graph, norm.inputs.at(2), channels, 0),
                            mean = constant_or(graph, norm.inputs.at(3), channels, 0),
                            var = constant_or(graph, norm.inputs.at(4), channels, 1);
  std::vector<double> factor(gamma.size());
  for (std::size_t i = 0; i < factor.size(); ++i) {
    factor[i] = gamma[i] / std::sqrt(var[i] + norm.norm.eps);
    b[i] = (b[i] - mean[i]) * factor[i] + beta[i];
  }
  // Output channels are a transposed convolution's last axis, and the first of other weights.
  const std::size_t row = w.size() / static_cast<std::size_t>(weight.shape.n),
                    last = static_cast<std::size_t>(weight.shape.c);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] *= factor[transposed ? i % last : i / row];
  const std::string name = weight.name;
  map.inputs[1] = add_constant(graph, name, w, weight.shape);
  const std::size_t dot = name.rfind('.');
  map.inputs[2] = add_constant(graph, dot == std::string::npos ? "" : name.substr(0, dot) + ".bias", b,
                               Shape::vector(channels));
  map.output = norm.output;
}

}  // namespace

int fold_norms(OpGraph& graph) {
  std::vector<int> readers(graph.values.size(), 0);
  std::vector<GraphNode*> maker(graph.values.size(), nullptr);
  for (GraphNode& node : graph.nodes) {
    maker[node.output] = &node;
    for (const std::size_t input : node.inputs)
      if (input != kNoValue) ++readers[input];
  }
  for (const auto& [name, value] : graph.outputs) ++readers[value];
  std::vector<GraphNode> kept;
  std::vector<const GraphNode*> folded;
  for (GraphNode& node : graph.nodes) {
    const bool fixed = node.kind == FoldKind::norm && node.inputs.at(3) != kNoValue;
    GraphNode* const map = fixed ? maker[node.inputs.at(0)] : nullptr;
    if (!map || !is_linear_map(*map) || readers[node.inputs[0]] != 1 || map->conv.groups != 1 ||
        !graph.value(map->inputs.at(1)).constant)
      continue;
    fold(graph, *map, node);
    folded.push_back(&node);
  }
  for (const GraphNode& node : graph.nodes) {
    bool keep = true;
    for (const GraphNode* gone : folded) keep = keep && gone != &node;
    if (keep) kept.push_back(node);
  }
  graph.nodes = std::move(kept);
  return static_cast<int>(folded.size());
}

}  // namespace sumi
