// ncnn networks: a text of layers (NAME.param) and the raw bytes of their weights (NAME.bin).
// Specification: https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/graph/graph.h"

namespace sumi::graph {

// Returns true if the bytes begin like a .param file: with the number 7767517.
bool looks_like_ncnn(std::string_view first_bytes);

// The network with its layers as nodes of ONNX ops (opset 17), so that one lowering serves both. A
// blob of c channels, h rows and w columns is a value [1,c,h,w]; a vector of n numbers [1,n,1,1].
// Weights are f32 or f16. Throws Error "[ncnn PATH] ..." for layers that sumi does not import, int8
// weights, and files of which any part is damaged or missing.
Graph read_ncnn(const std::filesystem::path& path);
// As read_ncnn, of the contents of both files.
Graph parse_ncnn(std::string_view param, std::string_view bin, const std::string& shown);

}  // namespace sumi::graph
