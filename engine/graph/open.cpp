#include "engine/graph/open.h"

#include <array>
#include <fstream>
#include <string>
#include <system_error>

#include "engine/graph/ncnn.h"
#include "engine/graph/onnx.h"

namespace sumi::graph {

namespace {

std::string first_bytes(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return "";
  std::ifstream in(path, std::ios::binary);
  std::array<char, 64> first{};
  in.read(first.data(), first.size());
  return {first.data(), static_cast<std::size_t>(in.gcount())};
}

}  // namespace

bool is_network_file(const std::filesystem::path& path) {
  const std::string first = first_bytes(path);
  return looks_like_onnx(first) || looks_like_ncnn(first);
}

Graph read_network(const std::filesystem::path& path) {
  return looks_like_ncnn(first_bytes(path)) ? read_ncnn(path) : read_onnx(path);
}

}  // namespace sumi::graph
