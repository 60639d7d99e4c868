// An ONNX graph under construction: nodes, attributes, initializers.
// Specification: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/export/protobuf_out.h"

namespace sumi {

// An attribute of a node.
struct OnnxAttribute {
  OnnxAttribute(std::string name, std::int64_t value);
  OnnxAttribute(std::string name, int value) : OnnxAttribute(std::move(name), std::int64_t{value}) {}
  OnnxAttribute(std::string name, double value);
  OnnxAttribute(std::string name, const char* value);
  OnnxAttribute(std::string name, const std::vector<std::int64_t>& values);
  ProtoMessage message;
};

class OnnxBuilder {
 public:
  // Appends a node with one result and returns the result's name: `result`, or a new one.
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {}, const std::string& result = "");
  // Constants. `name` is made unique; equal integers share one initializer.
  std::string floats(const std::string& name, const std::vector<std::int64_t>& shape,
                     const std::vector<float>& values);
  std::string integers(const std::vector<std::int64_t>& values);
  std::string scalar(double value);
  // `size` ones or zeros.
  std::string filled(double value, std::int64_t size);

  // A size of an input or output: a number, or the name of one that varies.
  struct Size {
    std::int64_t value = 0;
    std::string name = {};
  };
  void input(const std::string& name, const std::vector<Size>& shape);
  void output(const std::string& name, const std::vector<Size>& shape);

  // The bytes of a model with this graph.
  std::string model(const std::string& graph_name, int opset, const std::string& producer_version,
                    const std::vector<std::pair<std::string, std::string>>& metadata) const;
  std::int64_t nodes() const { return nodes_; }

 private:
  std::string unique(const std::string& name);
  void initializer(const std::string& name, int type, const std::vector<std::int64_t>& shape,
                   const void* data, std::size_t bytes);

  std::string node_bytes_, initializer_bytes_, input_bytes_, output_bytes_;
  std::map<std::string, int> used_;
  std::map<std::vector<std::int64_t>, std::string> integers_;
  std::map<std::pair<double, std::int64_t>, std::string> filled_;
  std::int64_t nodes_ = 0;
};

}  // namespace sumi
