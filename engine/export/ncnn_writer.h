// Graphs as ncnn models: a text of layers and the raw bytes of their weights.
// Specification: https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure.
#pragma once

#include <string>

#include "engine/export/op_graph.h"

namespace sumi {

struct NcnnModel {
  std::string param;  // NAME.param: one line per layer
  std::string bin;    // NAME.bin: f32, in the order of the layers
  std::int64_t layers = 0;
};

// Blobs are those of one sample, with the graph's input and output names. A vector [1,1,1,c] is a
// blob of c channels of one pixel. Batch norm without running statistics becomes instance norm.
// Throws Error for an operation that ncnn lacks.
NcnnModel ncnn_model(const OpGraph& graph);

}  // namespace sumi
