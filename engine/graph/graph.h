// A network that another program wrote, as a list of nodes: what the readers of ONNX and ncnn files
// produce and engine/graph/lowering.h turns into ops of the engine.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sumi::graph {

using Dims = std::vector<std::int64_t>;

// The number of elements; 1 for no dimensions. Throws Error for a negative size, and if the product
// of the sizes other than 0 is above 2^31.
std::int64_t count_of(const Dims& dims);
std::string text_of(const Dims& dims);  // "1x3x512x512"; "scalar"

// A tensor whose values are known, in row-major order. Real numbers of any width are floats;
// integers and booleans are 64-bit integers. Exactly one of the two vectors has count_of(dims)
// values.
struct Constant {
  Dims dims;
  bool real = true;
  int type = 0;  // of the file, as ONNX numbers them (3 int8); 0: none
  std::vector<float> reals;
  std::vector<std::int64_t> integers;

  std::int64_t count() const { return real ? std::int64_t(reals.size()) : std::int64_t(integers.size()); }
  double at(std::int64_t i) const;
  static Constant of_integers(std::vector<std::int64_t> values, Dims dims);
  static Constant of_reals(std::vector<float> values, Dims dims);
};
using ConstantPtr = std::shared_ptr<const Constant>;

// One member is set; a string's bytes are those of the file.
struct Attribute {
  std::vector<std::int64_t> integers;
  std::vector<float> reals;
  std::string text;
  ConstantPtr tensor;
  bool graph = false;  // a subgraph, which no supported op has
};

struct Node {
  std::string op, name, domain;
  std::string written;                       // ncnn: the type of the layer that it came from, for errors
  std::vector<std::string> inputs, outputs;  // names of values; "": an absent optional one
  std::map<std::string, Attribute> attributes;
};

// An input or output. -1: a size that the file leaves open.
struct ValueInfo {
  std::string name;
  Dims dims;
  bool real = true;
};

struct Graph {
  std::string kind = "ONNX";  // in texts
  std::string producer;       // of the file, such as "pytorch 2.1"
  std::int64_t opset = 0;
  std::vector<ValueInfo> inputs, outputs;  // inputs without those that are initializers
  std::map<std::string, ConstantPtr> initializers;
  std::vector<Node> nodes;
  std::map<std::string, std::string> metadata;
  std::map<std::string, int> layers;  // ncnn: by type; each becomes one node or more

  std::int64_t parameter_count() const;                                   // real numbers of the initializers
  std::map<std::string, int> op_counts() const;                           // nodes by op
  const char* label() const { return kind == "ncnn" ? "ncnn" : "onnx"; }  // begins errors
};

}  // namespace sumi::graph
