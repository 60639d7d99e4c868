#include "engine/export/op_graph.h"

#include <algorithm>

#include "engine/autograd.h"
#include "engine/error.h"

namespace sumi {
namespace {

using NodeKind = GraphNode::Kind;

thread_local GraphRecorder* recorder = nullptr;

// A constant that was made for each sample, with equal samples, is kept for one.
Tensor without_batch(const Tensor& x, std::int64_t batch) {
  const Tensor copy = x.detach().clone();
  if (x.shape().n != batch || batch == 1) return copy;
  const Tensor first = x.batch_slice(0, 1).clone();
  const auto one = first.to_vector<double>(), all = x.to_vector<double>();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] != one[i % one.size()]) return copy;
  return first;
}

bool has_pixels(const Shape& s) {
  return s.h > 1 || s.w > 1;
}

bool is_broadcast_op(NodeKind kind) {
  return kind == NodeKind::add || kind == NodeKind::sub || kind == NodeKind::mul || kind == NodeKind::div;
}

}  // namespace

bool OpGraph::takes_any_size() const {
  for (const GraphNode& node : nodes) {
    const Shape x = shape(node.inputs.at(0)), y = shape(node.output);
    if (node.kind == NodeKind::reshape && (has_pixels(x) || has_pixels(y))) return false;
    if (node.kind == NodeKind::broadcast && has_pixels(y)) return false;
    if (node.kind == NodeKind::slice && (x.h != y.h || x.w != y.w)) return false;
    if (node.kind == NodeKind::resize && (y.h % x.h != 0 || y.w % x.w != 0 || y.h / x.h != y.w / x.w))
      return false;
    if (is_broadcast_op(node.kind))
      for (const std::size_t operand : node.inputs)
        if (value(operand).constant && has_pixels(shape(operand))) return false;
  }
  return true;
}

std::int64_t OpGraph::constant_count() const {
  std::int64_t count = 0;
  for (const GraphValue& v : values)
    if (v.constant) count += v.constant.count();
  return count;
}

OpGraph record_graph(const NamedTensors& inputs, const std::function<NamedTensors()>& f,
                     const std::map<const void*, std::string>& names) {
  const NoGrad no_grad;
  GraphRecorder recording(inputs, names);
  return recording.finish(f());
}

GraphRecorder::GraphRecorder(const NamedTensors& inputs, std::map<const void*, std::string> names)
    : names_(std::move(names)) {
  if (recorder) fail("export", "another graph is being recorded");
  for (const auto& [name, x] : inputs) {
    graph_.batch = x.shape().n;
    graph_.inputs.push_back(define(x, {name, x.shape(), {}}));
  }
  recorder = this;
}
GraphRecorder::~GraphRecorder() {
  recorder = nullptr;
}
GraphRecorder* GraphRecorder::current() {
  return recorder;
}

void GraphRecorder::name(const Tensor& y, std::size_t value) {
  unsupported_.erase(y.id());
  held_.push_back(y);
  values_[y.id()] = value;
}

std::size_t GraphRecorder::define(const Tensor& y, GraphValue value) {
  graph_.values.push_back(std::move(value));
  name(y, graph_.values.size() - 1);
  return graph_.values.size() - 1;
}

std::size_t GraphRecorder::value_of(const Tensor& x) {
  if (!x) return kNoValue;
  if (const auto found = unsupported_.find(x.id()); found != unsupported_.end())
    fail("export", "a graph cannot hold the network's operation '" + found->second +
                       "'; export its weights (.safetensors, .pth)");
  if (const auto found = values_.find(x.id()); found != values_.end()) return found->second;
  const auto named = names_.find(x.id());
  const bool is_named = named != names_.end();
  const Tensor constant = is_named ? x.detach().clone() : without_batch(x, graph_.batch);
  return define(x, {is_named ? named->second : "", constant.shape(), constant});
}

bool GraphRecorder::depends(const Tensor& x) const {
  if (!x) return false;
  const auto found = values_.find(x.id());
  const bool computed = found != values_.end() && !graph_.values[found->second].constant;
  return computed || unsupported_.count(x.id()) > 0;
}

std::size_t GraphRecorder::append(GraphNode node, const Shape& result) {
  graph_.values.push_back({"", result, {}});
  node.output = graph_.values.size() - 1;
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().output;
}

void GraphRecorder::add(GraphNode node, const std::vector<Tensor>& operands, const Tensor& y) {
  add(std::move(node), operands, y.shape(), {.kind = NodeKind::unary}, y);
}

void GraphRecorder::add(GraphNode node, const std::vector<Tensor>& operands, const Shape& between,
                        GraphNode then, const Tensor& y) {
  if (std::none_of(operands.begin(), operands.end(), [&](const Tensor& x) { return depends(x); })) return;
  for (const Tensor& x : operands) node.inputs.push_back(value_of(x));
  std::size_t value = append(std::move(node), between);
  const bool nothing = (then.kind == NodeKind::unary && then.act == Unary::identity) ||
                       (then.kind == NodeKind::pad && !then.pad.any());
  if (!nothing) {
    then.inputs = {value};
    value = append(std::move(then), y.shape());
  }
  name(y, value);
}

void GraphRecorder::add_composition(const std::vector<Tensor>& operands, const std::function<Tensor()>& f,
                                    const Tensor& y) {
  if (std::none_of(operands.begin(), operands.end(), [&](const Tensor& x) { return depends(x); })) return;
  name(y, value_of(f()));
}

void GraphRecorder::other(const char* op, const std::vector<Tensor>& operands, const Tensor& y) {
  if (!y || values_.count(y.id()) > 0) return;
  if (std::none_of(operands.begin(), operands.end(), [&](const Tensor& x) { return depends(x); })) return;
  unsupported_[y.id()] = op;
  held_.push_back(y);
}

// Removes nodes whose results nothing reads.
void GraphRecorder::prune() {
  std::vector<bool> read(graph_.values.size(), false);
  for (const auto& [name, value] : graph_.outputs) read[value] = true;
  std::vector<GraphNode> kept;
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
    if (!read[node->output]) continue;
    for (const std::size_t input : node->inputs)
      if (input != kNoValue) read[input] = true;
    kept.push_back(std::move(*node));
  }
  std::reverse(kept.begin(), kept.end());
  graph_.nodes = std::move(kept);
  for (std::size_t i = 0; i < read.size(); ++i)
    if (!read[i]) graph_.values[i].constant = {};
}

OpGraph GraphRecorder::finish(const NamedTensors& results) {
  for (const auto& [result, y] : results) {
    const std::size_t value = value_of(y);
    if (graph_.values[value].constant) fail("export", "the network's result does not depend on its input");
    graph_.outputs.emplace_back(result, value);
  }
  prune();
  return std::move(graph_);
}

}  // namespace sumi
