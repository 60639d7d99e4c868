// Graphs as ONNX models: NCHW, f32, opset 13 or newer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/export/op_graph.h"

namespace sumi {

constexpr int kOldestOpset = 13, kNewestOpset = 21, kUsualOpset = 17;

struct OnnxOptions {
  int opset = kUsualOpset;
  std::string name = "sumi";     // of the graph
  std::string producer_version;  // sumi's
  std::vector<std::pair<std::string, std::string>> metadata = {};
  // Names of inputs [n,1,1,c] that are vectors [n,c] in the file; others have four sizes.
  std::vector<std::string> vectors = {};
};

struct OnnxModel {
  std::string bytes;
  std::int64_t nodes = 0;
};

// The batch varies, and if graph.takes_any_size() height and width do too. Batch norm without
// running statistics becomes instance norm: each image by its own statistics. Throws Error for an
// operation that ONNX lacks, and for models of 2 GiB or more, which Protocol Buffers cannot hold.
OnnxModel onnx_model(const OpGraph& graph, const OnnxOptions& options);

}  // namespace sumi
