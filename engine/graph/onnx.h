// ONNX files. The parser, protobuf's, is in a module that is opened when a file is first read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/graph/graph.h"

namespace sumi::graph {

// Largest file, and largest file of external data.
constexpr std::uint64_t kMostOnnxBytes = std::uint64_t{1} << 31;

// Returns true if the bytes begin like a serialized ModelProto: its fields in their wire format.
bool looks_like_onnx(const std::string& first_bytes);

// Reads opset 7 to 21 (other opsets read too, and fail at the first op whose meaning differs).
// External data is read from the file's own folder, from a regular file with a plain name. Throws
// Error "[onnx PATH] ..." for anything that is not a valid model: every length is checked against
// the data present.
Graph read_onnx(const std::filesystem::path& path);
// As read_onnx, of the bytes of a file. `folder`: of external data; empty: such data is an error.
Graph parse_onnx(const std::string& bytes, const std::string& shown, const std::filesystem::path& folder);

// The module's table.
struct OnnxParser {
  const char* stamp;  // the version and a checksum of this header and graph.h
  Graph (*parse)(const std::string& bytes, const std::string& shown, const std::filesystem::path& folder);
  // Of a serialized TensorProto, as ONNX's test data are.
  ConstantPtr (*tensor)(const std::string& bytes, const std::string& shown);
};
// Its only symbol.
extern "C" const OnnxParser* sumi_onnx();
// Loads the module at the first call; SUMI_ONNX names another file. Throws Error.
const OnnxParser& onnx_parser();

}  // namespace sumi::graph
