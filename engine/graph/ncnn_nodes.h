// Layers of ncnn as nodes of ONNX ops.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/graph/ncnn_file.h"

namespace sumi::graph {

// Builds the graph of one file, a layer at a time.
class NcnnNodes {
 public:
  NcnnNodes(Graph& graph, NcnnWeights& weights) : graph_(graph), weights_(weights) {}

  // Throws Error for a layer or a form of it that is not imported.
  void add(const NcnnLayer& layer);

  // What the rules of layers use. Nodes and constants are named by the value that they make.
  using Attributes = std::map<std::string, Attribute>;
  std::string node(const char* op, const std::vector<std::string>& inputs, const Attributes& attributes = {});
  std::string reals(std::vector<float> values, const Dims& dims);
  std::string scalar(double value) { return reals({static_cast<float>(value)}, {}); }
  std::string integers(std::vector<std::int64_t> values);
  std::string plain(std::int64_t count, const Dims& dims) {
    return reals(weights_.plain(*layer_, count), dims);
  }
  NcnnWeights& weights() { return weights_; }
  const std::string& input(std::size_t i = 0) const;
  // An integer parameter within limits.
  std::int64_t within(int id, std::int64_t fallback, std::int64_t low, std::int64_t high) const;
  // clip(slope y + offset, 0, 1).
  std::string hard_gate(const std::string& y, double slope, double offset);
  // Refuses a layer whose parameter 8 says that its weights are int8.
  void refuse_int8() const;
  // y with the activation that a layer may have: parameters 9 and 10.
  std::string activated(const std::string& y);
  // The layer's first input has this many channels.
  void expect_channels(std::int64_t channels);
  const NcnnLayer& layer() const { return *layer_; }

 private:
  void add_input();
  std::string fresh();

  Graph& graph_;
  NcnnWeights& weights_;
  const NcnnLayer* layer_ = nullptr;
  std::map<std::string, std::string> origins_;  // of blobs with the channels of an input of the network
  int count_ = 0;
};

// A rule adds the nodes of one layer and returns the values of its outputs: one for all of them, or
// one for each.
using NcnnRule = std::vector<std::string> (*)(NcnnNodes&);
using NcnnRules = std::map<std::string, NcnnRule>;
void add_ncnn_product_rules(NcnnRules& rules);
void add_ncnn_pixel_rules(NcnnRules& rules);

Attribute whole(std::vector<std::int64_t> values);
Attribute number(double value);
Attribute word(const char* text);

}  // namespace sumi::graph
