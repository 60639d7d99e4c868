#include "engine/graph/open.h"

#include <array>
#include <fstream>
#include <string>
#include <system_error>

#include "engine/graph/onnx.h"

namespace sumi::graph {

bool is_network_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream in(path, std::ios::binary);
  std::array<char, 64> first{};
  in.read(first.data(), first.size());
  return looks_like_onnx(std::string(first.data(), static_cast<std::size_t>(in.gcount())));
}

Graph read_network(const std::filesystem::path& path) {
  return read_onnx(path);
}

}  // namespace sumi::graph
