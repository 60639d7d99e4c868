// Files that are not what they claim.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "engine/graph/network.h"
#include "engine/graph/onnx.h"
#include "engine/graph/open.h"
#include "engine/runtime/device.h"
#include "engine/serialize/file.h"
#include "tests/support.h"

using namespace sumi;

namespace {

// Fields of protobuf's wire format.
std::string varint(std::uint64_t v) {
  std::string bytes;
  for (; v >= 128; v >>= 7) bytes += static_cast<char>(v | 128);
  return bytes + static_cast<char>(v);
}
std::string number(int field, std::uint64_t v) {
  return varint(std::uint64_t(field) << 3) + varint(v);
}
std::string bytes(int field, const std::string& data) {
  return varint((std::uint64_t(field) << 3) | 2) + varint(data.size()) + data;
}

std::string value_info(const std::string& name) {
  std::string shape;
  for (const int d : {1, 3, 0, 0}) shape += bytes(1, d > 0 ? number(1, d) : bytes(2, "n"));
  return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, shape)));
}

// A model with one node of x, and an initializer w.
std::string model(const std::string& op, const std::string& tensor) {
  const std::string node =
      bytes(1, "x") + (tensor.empty() ? "" : bytes(1, "w")) + bytes(2, "y") + bytes(4, op);
  const std::string graph = bytes(1, node) + bytes(2, "g") + (tensor.empty() ? "" : bytes(5, tensor)) +
                            bytes(11, value_info("x")) + bytes(12, value_info("y"));
  return number(1, 8) + bytes(8, number(2, 13)) + bytes(7, graph);
}

// [3,1,1,1], with `data` bytes of values.
std::string weights(std::size_t data) {
  std::string t;
  for (const int d : {3, 1, 1, 1}) t += number(1, static_cast<std::uint64_t>(d));
  return t + number(2, 1) + bytes(8, "w") + bytes(9, std::string(data, '\0'));
}

std::string error_in(const std::string& file) {
  return test::error_of([&] { (void)graph::parse_onnx(file, "m.onnx", {}); });
}

std::string error_of_network(const std::string& file) {
  const auto g = std::make_shared<const graph::Graph>(graph::parse_onnx(file, "m.onnx", {}));
  return test::error_of([&] { graph::Network(g, {}, {}, parse_device("cpu"), DType::f32); });
}

}  // namespace

TEST_CASE("graph: a small ONNX file") {
  const graph::Graph g = graph::parse_onnx(model("Relu", ""), "m.onnx", {});
  CHECK(g.opset == 13);
  CHECK(g.nodes.size() == 1);
  CHECK(g.inputs.at(0).dims == graph::Dims{1, 3, -1, -1});
  CHECK(graph::looks_like_onnx(model("Relu", "")));
  CHECK_FALSE(graph::looks_like_onnx("\x89PNG\r\n\x1a\n"));
  graph::Network network(std::make_shared<const graph::Graph>(g), {}, {}, parse_device("cpu"), DType::f32);
  CHECK(network.traits().multiple == 1);
  // Without a family and a bounded last op the range is 0 to 1: -1 is 0, which Relu keeps.
  const Tensor y = network(Tensor::full({1, 5, 7, 3}, -0.5, DType::f32, parse_device("cpu")));
  CHECK(y.to_vector<float>().at(0) == doctest::Approx(-0.5));
}

TEST_CASE("graph: damaged ONNX files are refused in one line") {
  const std::string whole = model("Conv", weights(12));
  CHECK(error_in(whole).empty());
  for (std::size_t size = 0; size < whole.size(); size += 7) CHECK(!error_in(whole.substr(0, size)).empty());
  CHECK(error_in(model("Conv", weights(8))).find("has 8 bytes instead of 12") != std::string::npos);
  const std::string big = number(1, 1U << 30) + number(1, 1U << 30) + number(2, 1) + bytes(8, "w");
  CHECK(error_in(model("Conv", big)).find("more than 2^31") != std::string::npos);
  CHECK(error_in(model("Conv", weights(12) + number(14, 1))).find("in another file") != std::string::npos);
  CHECK(error_of_network(model("Einsum", "")).find("Einsum (opset 13)") != std::string::npos);
}

TEST_CASE("graph: external data stays in the model's folder") {
  const test::TempDir folder;
  const auto with_location = [](const std::string& name) {
    std::string t;
    for (const int d : {3, 1, 1, 1}) t += number(1, static_cast<std::uint64_t>(d));
    t += number(2, 1) + bytes(8, "w") + number(14, 1) + bytes(13, bytes(1, "location") + bytes(2, name));
    return model("Conv", t);
  };
  const auto error = [&](const std::string& name) {
    return test::error_of([&] { (void)graph::parse_onnx(with_location(name), "m.onnx", folder.path); });
  };
  write_file_atomically(folder.path / "w.data", std::string(12, '\0'));
  std::filesystem::create_symlink(folder.path / "w.data", folder.path / "link");
  CHECK(error("w.data").empty());
  for (const char* name : {"../w.data", "/etc/hostname", "", "..", "sub/w.data"})
    CHECK(error(name).find("must be in the model's folder") != std::string::npos);
  CHECK(error("link").find("a link") != std::string::npos);
  CHECK(error("missing").find("put that file beside") != std::string::npos);
}
