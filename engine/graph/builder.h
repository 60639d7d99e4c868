// Steps of a plan, one after the other. Steps that depend on constants alone run at once, and their
// results are constants.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/graph/plan.h"
#include "engine/graph/value.h"

namespace sumi::graph {

// Weights shared by the plans of all sizes: by the constant they are made of and their layout.
// The constant is held, so that its address stays its own.
using WeightCache = std::map<std::pair<const Constant*, std::string>, std::pair<ConstantPtr, Tensor>>;

// The shape of an arrangement of at most four axes: those of `order`, after leading sizes of 1.
Shape shape_of(const Dims& dims, const std::vector<int>& order);

class Builder {
 public:
  Builder(const Device& device, DType dtype, WeightCache& weights)
      : device_(device), dtype_(dtype), weights_(weights) {
    plan_.dtype = dtype;
  }

  // Counts elements that lowering computes on the host: repeated constants, tables of positions.
  // Throws Error beyond 2^27 in one plan.
  void spend(std::int64_t elements);
  // Appends a step, whose shape is set, and returns its number.
  int emit(Step step);
  int input(const Shape& shape);
  const Shape& shape(int step) const { return plan_.steps.at(static_cast<std::size_t>(step)).shape; }
  const Step& step(int i) const { return plan_.steps.at(static_cast<std::size_t>(i)); }
  // The number of a step with v's elements in this order of axes and this shape, which has as many.
  int arranged(const Value& v, const std::vector<int>& order, const Shape& shape);
  // As above, with shape_of().
  int arranged(const Value& v, const std::vector<int>& order);
  // v with its own dimensions in memory: a pending reshape is done by moving elements.
  Value settled(const Value& v);
  // A tensor of v's elements in this order.
  Tensor weight(const Value& v, const std::vector<int>& order, const Shape& shape);
  Tensor tensor(const std::vector<float>& values, const Shape& shape) const;

  bool is_known(const Value& v) const;
  // The elements of a known value, row-major. Throws Error for one that depends on the image.
  ConstantPtr host(const Value& v) const;
  static Value of(int step, Dims dims, std::vector<int> order);
  static Value of(Constant c);

  Plan take(int result);
  const Device& device() const { return device_; }
  DType dtype() const { return dtype_; }
  // Of the node that is lowered, for errors: "[label] name: ...".
  void set_name(const std::string& label, const std::string& name) { label_ = label, name_ = name; }

 private:
  int reshaped(int step, const Shape& shape);

  Plan plan_;
  Device device_;
  DType dtype_;
  WeightCache& weights_;
  std::string label_ = "onnx", name_;
  std::int64_t spent_ = 0;
};

}  // namespace sumi::graph
