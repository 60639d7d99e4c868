#include "engine/graph/lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace sumi::graph {

const Value& NodeContext::in(std::size_t i) const {
  if (!has(i)) refuse(fmt::format("has no input {}", i));
  return inputs[i];
}

void NodeContext::refuse(const std::string& what) const {
  fail(node.written.empty() ? "onnx" : "ncnn", title() + " " + what);
}

std::string NodeContext::title() const {
  if (!node.written.empty()) return fmt::format("layer '{}': {}", node.name, node.written);
  return fmt::format("node '{}': {} (opset {})", node.name, node.op, opset);
}

std::int64_t NodeContext::integer(const char* name, std::int64_t fallback) const {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return fallback;
  if (found->second.integers.size() != 1) refuse(fmt::format("has an attribute {} that is no integer", name));
  return found->second.integers[0];
}

double NodeContext::real(const char* name, double fallback) const {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return fallback;
  if (found->second.reals.size() != 1) refuse(fmt::format("has an attribute {} that is no number", name));
  return found->second.reals[0];
}

std::string NodeContext::text(const char* name, const std::string& fallback) const {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? fallback : found->second.text;
}

const std::vector<std::int64_t>* NodeContext::integers(const char* name) const {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? nullptr : &found->second.integers;
}

std::vector<std::int64_t> NodeContext::integers_in(std::size_t i) const {
  const ConstantPtr c = builder.host(in(i));
  if (!c->real) return c->integers;
  std::vector<std::int64_t> whole;
  for (const float v : c->reals) {
    if (!(std::abs(v) < 1e15F)) refuse(fmt::format("has an input {} that is no integer", i));
    whole.push_back(static_cast<std::int64_t>(v));
  }
  return whole;
}

std::vector<float> NodeContext::reals_in(std::size_t i) const {
  const ConstantPtr c = builder.host(in(i));
  if (c->real) return c->reals;
  return {c->integers.begin(), c->integers.end()};
}

std::vector<std::int64_t> NodeContext::list(const char* name, std::size_t i) const {
  if (const auto* given = integers(name)) return *given;
  return has(i) ? integers_in(i) : std::vector<std::int64_t>();
}

std::int64_t NodeContext::axis(std::int64_t given, int rank) const {
  const std::int64_t axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank) refuse(fmt::format("has the axis {}, but {} dimensions", given, rank));
  return axis;
}

const Rules& all_rules() {
  static const Rules rules = [] {
    Rules all;
    add_layout_rules(all);
    add_integer_rules(all);
    add_math_rules(all);
    add_product_rules(all);
    add_spatial_rules(all);
    add_norm_rules(all);
    add_resize_rules(all);
    return all;
  }();
  return rules;
}

namespace {

std::map<std::string, Value> given_values(const LoweringRequest& request, Builder& builder) {
  std::map<std::string, Value> values;
  const auto set = [&](const std::string& name, const ConstantPtr& c) {
    Value v;
    v.constant = c;
    v.dims = c->dims;
    v.order = row_major(v.rank());
    values[name] = std::move(v);
  };
  for (const auto& [name, constant] : request.graph->initializers) set(name, constant);
  if (request.given)
    for (const auto& [name, constant] : *request.given) set(name, constant);
  if (!request.input.empty()) {
    const bool flat = request.dims.size() > 4;
    const int step =
        builder.input(flat ? Shape::vector(count_of(request.dims)) : shape_of(request.dims, request.order));
    values[request.input] = Builder::of(step, request.dims, request.order);
  }
  return values;
}

void add_node(const Node& node, const LoweringRequest& request, Builder& builder,
              std::map<std::string, Value>& values) {
  NodeContext context{node, request.graph->opset, {}, builder};
  if (!node.domain.empty())
    context.refuse("is an op of the domain " + node.domain + ", which is not supported");
  const auto rule = all_rules().find(node.op);
  if (rule == all_rules().end()) context.refuse("is not among the ops that sumi imports");
  for (const std::string& name : node.inputs) {
    const auto found = values.find(name);
    if (!name.empty() && found == values.end())
      context.refuse("reads " + name + ", which is neither computed before it nor given");
    context.inputs.push_back(name.empty() ? Value() : found->second);
  }
  if (request.declared && !node.outputs.empty()) {
    const auto known = request.declared->find(node.outputs[0]);
    if (known != request.declared->end()) context.declared = &known->second;
  }
  builder.set_name(request.graph->label(), context.title());
  std::vector<Value> made;
  try {
    made = rule->second(context);
  } catch (const std::exception& error) {
    const std::string text = error.what();
    if (text.find("] " + context.title()) != std::string::npos) throw;
    context.refuse("fails: " + text);
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    if (i >= made.size()) continue;  // a use of it is refused as unknown
    values[node.outputs[i]] = made[i];
  }
}

}  // namespace

Lowered lower(const LoweringRequest& request, WeightCache& weights,
              const std::function<std::vector<int>(const Dims&)>& output_order) {
  const NoGrad no_grad;
  const Graph& graph = *request.graph;
  Builder builder(request.device, request.dtype, weights);
  std::map<std::string, Value> values = given_values(request, builder);
  for (const Node& node : graph.nodes) add_node(node, request, builder, values);
  const std::string name = request.output.empty() ? graph.outputs.at(0).name : request.output;
  const auto found = values.find(name);
  if (found == values.end()) fail(graph.label(), "the output " + name + " is computed by no node");
  Lowered result;
  for (const auto& [key, value] : values) result.all[key] = value.dims;
  result.dims = found->second.dims;
  result.order = output_order(result.dims);
  if (builder.is_known(found->second)) {
    result.constant = builder.host(found->second);
    return result;
  }
  if (found->second.rank() > 4) {
    result.order = row_major(found->second.rank());
    result.plan =
        builder.take(builder.arranged(found->second, result.order, Shape::vector(count_of(result.dims))));
  } else {
    result.plan = builder.take(builder.arranged(found->second, result.order));
  }
  drop_unused(result.plan);
  return result;
}

}  // namespace sumi::graph
