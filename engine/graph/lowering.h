// From a graph to a plan, for one size of the input. Shapes are known then, so integer arithmetic
// on them is done here and leaves no step.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/graph/builder.h"
#include "engine/graph/graph.h"

namespace sumi::graph {

// A node while it is lowered: what the rules of ops work with.
struct NodeContext {
  const Node& node;
  std::int64_t opset;
  std::vector<Value> inputs;  // as many as the node names; absent ones have neither constant nor step
  Builder& builder;
  // The output's dimensions at the size that the file declares; null if they are not known.
  const Dims* declared = nullptr;

  bool has(std::size_t i) const { return i < inputs.size() && (inputs[i].constant || inputs[i].step >= 0); }
  const Value& in(std::size_t i) const;  // Error for one that is absent
  std::int64_t integer(const char* name, std::int64_t fallback) const;
  double real(const char* name, double fallback) const;
  std::string text(const char* name, const std::string& fallback) const;
  const std::vector<std::int64_t>* integers(const char* name) const;  // null: not there
  // From the attribute, or from input i of newer opsets; empty: neither.
  std::vector<std::int64_t> list(const char* name, std::size_t i) const;
  std::vector<std::int64_t> integers_in(std::size_t i) const;
  std::vector<float> reals_in(std::size_t i) const;
  std::int64_t axis(std::int64_t given, int rank) const;  // 0 to rank - 1
  [[noreturn]] void refuse(const std::string& what) const;
  std::string title() const;  // "node 'NAME': OP (opset N)"
};

using Rule = std::vector<Value> (*)(NodeContext&);
using Rules = std::map<std::string, Rule>;
void add_layout_rules(Rules& rules);
void add_integer_rules(Rules& rules);
void add_math_rules(Rules& rules);
void add_product_rules(Rules& rules);
void add_spatial_rules(Rules& rules);
void add_norm_rules(Rules& rules);
void add_resize_rules(Rules& rules);
const Rules& all_rules();

struct LoweringRequest {
  const Graph* graph = nullptr;
  std::string input, output;  // names; output "": the first
  Dims dims;                  // of the input
  std::vector<int> order;     // of its axes in memory
  Device device;
  DType dtype = DType::f32;
  const std::map<std::string, ConstantPtr>* given = nullptr;  // of other inputs
  const std::map<std::string, Dims>* declared = nullptr;      // of values, at the declared size
};

struct Lowered {
  Plan plan;  // its result is the output with its axes in the order below
  Dims dims;  // of the output
  std::vector<int> order;
  std::map<std::string, Dims> all;  // of all values, by name
  // An output that the image does not influence.
  ConstantPtr constant;
};

// `output_order`: of the output's axes in memory; called with its dimensions. Throws Error "[onnx]
// node 'NAME': OP (opset N) ..." or "[ncnn] layer 'NAME': TYPE ..." for what is not supported.
Lowered lower(const LoweringRequest& request, WeightCache& weights,
              const std::function<std::vector<int>(const Dims&)>& output_order);

}  // namespace sumi::graph
