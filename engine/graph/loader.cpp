#include "engine/graph/onnx.h"
#include "engine/load_module.h"
#include "engine/serialize/file.h"

namespace sumi::graph {

const OnnxParser& onnx_parser() {
#if defined(SUMI_ONNX_FILE)
  static const OnnxParser& parser = load_module<Error, OnnxParser>(  // retried if it throws
      {"onnx", "SUMI_ONNX", SUMI_ONNX_FILE, SUMI_ONNX_DIR, "sumi_onnx"}, SUMI_ONNX_STAMP);
  return parser;
#elif defined(SUMI_ONNX_LINKED)
  return *sumi_onnx();
#else
  throw Error("[onnx] this build of sumi was made with SUMI_ONNX=OFF");
#endif
}

// Field 1 (ir_version) as a varint comes first in the files of all writers; then any field of
// ModelProto.
bool looks_like_onnx(const std::string& bytes) {
  if (bytes.size() < 8 || bytes[0] != 0x08) return false;
  const auto version = static_cast<unsigned char>(bytes[1]);
  if (version == 0 || version > 30) return false;
  const auto tag = static_cast<unsigned char>(bytes[2]);
  const int field = tag >> 3, wire = tag & 7;
  return field >= 2 && field <= 25 && (wire == 2 || (field == 5 && wire == 0));
}

Graph parse_onnx(const std::string& bytes, const std::string& shown, const std::filesystem::path& folder) {
  return onnx_parser().parse(bytes, shown, folder);
}

Graph read_onnx(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  return parse_onnx(read_file(path, kMostOnnxBytes), path.string(), folder);
}

}  // namespace sumi::graph
