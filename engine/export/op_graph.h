// A network's inference as a graph of operations, recorded while the network runs. sumi export
// writes it as ONNX, ncnn and Keras files.
//
// Operands that do not depend on the graph's inputs become constants: weights, and whatever is
// computed from them, such as a spectrally normalized weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/ops.h"

namespace sumi {

// An absent optional operand of a node.
constexpr std::size_t kNoValue = static_cast<std::size_t>(-1);

// One operation. Members that its kind does not name are unused.
struct GraphNode {
  enum class Kind : std::uint8_t {
    conv,            // x, weight [k,r,s,c/groups], bias; conv
    conv_transpose,  // x, weight [k,r,s,c/groups], bias; conv, output_padding
    dense,           // x, weight [out,1,1,in], bias
    norm,            // x, gamma, beta, mean, var; norm without its activation. mean and var absent: x's own
    unary,           // x; act, alpha
    add,             // a, b, which broadcast
    sub,
    mul,
    div,
    affine,    // scale x + shift
    pad,       // x; pad
    resize,    // x; resize
    avg_pool,  // x; pool
    max_pool,
    concat,     // along axis
    slice,      // x; the box of the result's shape at `at`
    reshape,    // x, in NHWC order
    sum,        // x, over the axes that are 1 in the result, times scale
    broadcast,  // x
    softmax,    // x, over c
  };
  Kind kind = Kind::add;
  std::vector<std::size_t> inputs = {};  // values
  std::size_t output = kNoValue;         // a value
  ConvOptions conv = {};
  int output_padding = 0;
  NormOptions norm = {};
  Unary act = Unary::identity;
  double alpha = 0, scale = 1, shift = 0;
  PadGeom pad = {};
  ResizeGeom resize = {};
  PoolGeom pool = {};
  int axis = 3;
  Shape at{0, 0, 0, 0};
};

struct GraphValue {
  std::string name;      // a parameter's or the graph's input's; "" otherwise
  Shape shape;           // while recorded
  Tensor constant = {};  // absent: computed
};

struct OpGraph {
  std::vector<GraphValue> values;
  std::vector<GraphNode> nodes;     // in order of execution
  std::vector<std::size_t> inputs;  // values
  std::vector<std::pair<std::string, std::size_t>> outputs;
  std::int64_t batch = 1;  // samples while recorded

  const GraphValue& value(std::size_t i) const { return values.at(i); }
  const Shape& shape(std::size_t i) const { return values.at(i).shape; }
  // Returns true if the graph takes inputs of other heights and widths than those recorded.
  bool takes_any_size() const;
  // Number of elements of the constants.
  std::int64_t constant_count() const;
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// Runs f on the inputs without gradients and returns the graph of its results. Inputs have at least
// two samples, so that an axis of samples differs from an axis of size 1. `names` are of
// parameters, by Tensor::id(). Throws Error "[export] ..." if a result depends on an input through
// an operation that graphs do not have.
OpGraph record_graph(const NamedTensors& inputs, const std::function<NamedTensors()>& f,
                     const std::map<const void*, std::string>& names);

// The graph that this thread records. Ops report to it; an op that does not is known by name from
// record() in engine/autograd.h, and its result cannot be used.
class GraphRecorder {
 public:
  GraphRecorder(const NamedTensors& inputs, std::map<const void*, std::string> names);
  ~GraphRecorder();
  GraphRecorder(const GraphRecorder&) = delete;
  GraphRecorder& operator=(const GraphRecorder&) = delete;

  // Null if nothing is recorded on this thread.
  static GraphRecorder* current();

  // Appends a node with the result y unless all operands are constants.
  void add(GraphNode node, const std::vector<Tensor>& operands, const Tensor& y);
  // As add(), for an op that fuses two: y is the result of `then` for the result of `node`, whose
  // shape is `between`. An activation `identity` and a pad of nothing are left out.
  void add(GraphNode node, const std::vector<Tensor>& operands, const Shape& between, GraphNode then,
           const Tensor& y);
  // As add(), for an op that fuses many: f computes y again with ops that report.
  void add_composition(const std::vector<Tensor>& operands, const std::function<Tensor()>& f,
                       const Tensor& y);
  // y is the result of an op that may have reported before.
  void other(const char* op, const std::vector<Tensor>& operands, const Tensor& y);
  OpGraph finish(const NamedTensors& results);

 private:
  bool depends(const Tensor& x) const;
  std::size_t value_of(const Tensor& x);
  std::size_t append(GraphNode node, const Shape& result);
  void prune();
  void name(const Tensor& y, std::size_t value);
  std::size_t define(const Tensor& y, GraphValue value);

  OpGraph graph_;
  std::map<const void*, std::size_t> values_;       // by Tensor::id()
  std::map<const void*, std::string> unsupported_;  // results that depend on inputs: the op's name
  std::map<const void*, std::string> names_;
  std::vector<Tensor> held_;  // so that ids stay unique
};

}  // namespace sumi
