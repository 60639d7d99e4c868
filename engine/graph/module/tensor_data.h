// Tensors of an ONNX file, with their data in any of its forms.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/graph/graph.h"

namespace sumi::graph {

constexpr int kMostRank = 8;

// Of a TensorProto::DataType.
bool is_real(int type);

class TensorSource {
 public:
  // `shown` begins errors. `folder`: of external data; empty: there is none.
  TensorSource(std::string shown, std::filesystem::path folder)
      : shown_(std::move(shown)), folder_(std::move(folder)) {}

  // Throws Error for a type that is not a number, and for data that is not as long as the shape.
  ConstantPtr constant(const onnx::TensorProto& t) const;
  const std::string& shown() const { return shown_; }

 private:
  // The bytes of a tensor stored outside; valid while this object lives.
  std::string_view external(const onnx::TensorProto& t, std::uint64_t bytes) const;
  const std::string& file(const onnx::TensorProto& t, const std::string& name) const;

  std::string shown_;
  std::filesystem::path folder_;
  mutable std::map<std::string, std::string> files_;  // read once
};

}  // namespace sumi::graph
