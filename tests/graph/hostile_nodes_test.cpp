// Nodes whose numbers are out of range, as a hostile file may hold, and sizes found from a graph.
// Graphs are built here, without a file.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "engine/graph/network.h"
#include "engine/runtime/device.h"
#include "tests/support.h"

using namespace sumi;

namespace {

using graph::Attribute;
using graph::Constant;
using graph::Dims;
using graph::Node;

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min(), kHuge = std::int64_t{1} << 62;

Attribute integers(std::vector<std::int64_t> values) {
  Attribute a;
  a.integers = std::move(values);
  return a;
}

Node node_of(const std::string& op, std::vector<std::string> inputs,
             std::map<std::string, Attribute> attributes = {}) {
  Node node;
  node.op = node.name = op;
  node.inputs = std::move(inputs);
  node.outputs = {"y"};
  node.attributes = std::move(attributes);
  return node;
}

// x is an image [1,3,h,w], y the only output.
struct TestGraph : graph::Graph {
  TestGraph() {
    opset = 17;
    inputs = {{"x", {1, 3, -1, -1}, true}};
    outputs = {{"y", {}, true}};
  }
  void hold(const std::string& name, Constant c) {
    initializers[name] = std::make_shared<const Constant>(std::move(c));
  }
  void hold_integers(const std::string& name, std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    hold(name, Constant::of_integers(std::move(values), {count}));
  }
  void hold_reals(const std::string& name, const Dims& dims) {
    hold(name,
         Constant::of_reals(std::vector<float>(static_cast<std::size_t>(graph::count_of(dims)), 0.5F), dims));
  }
};

graph::Lowered lowered(const graph::Graph& g) {
  graph::LoweringRequest request;
  request.graph = &g;
  request.input = "x";
  request.dims = {1, 3, 8, 8};
  request.order = {0, 2, 3, 1};
  request.device = parse_device("cpu");
  graph::WeightCache weights;
  return graph::lower(request, weights,
                      [](const Dims& d) { return graph::row_major(static_cast<int>(d.size())); });
}

std::string error_with(TestGraph g, Node node) {
  g.nodes = {std::move(node)};
  return test::error_of([&] { (void)lowered(g); });
}

}  // namespace

TEST_CASE("graph: sizes beside a 0 are checked too") {
  CHECK(graph::count_of({0, 5}) == 0);
  CHECK(test::has(test::error_of([] { (void)graph::count_of({0, kHuge}); }), "has the size"));
  CHECK(test::has(test::error_of([] { (void)graph::count_of({0, 1 << 20, 1 << 20}); }), "more than 2^31"));
}

TEST_CASE("graph: numbers of nodes that are out of range are refused") {
  TestGraph g;
  g.hold_integers("huge", {kHuge, kHuge, 1, 1});
  g.hold_integers("many", std::vector<std::int64_t>(40, 1));
  g.hold_integers("wide", {1, 3, 1 << 14, 1 << 14});
  g.hold_integers("lowest", {0, 0, kLowest, 0, 0, 0, 0, 0});
  g.hold_reals("one", {1, 1, 1, 1});
  g.hold_reals("w", {4, 3, 1, 1});
  g.hold_reals("scales", {4});
  Node split = node_of("Split", {"x"}, {{"axis", integers({1})}});
  split.outputs.clear();
  CHECK(test::has(error_with(g, split), "has no outputs"));
  CHECK(test::has(error_with(g, node_of("Reshape", {"x", "huge"})), "too many elements"));
  CHECK(test::has(error_with(g, node_of("Reshape", {"x", "many"})), "too many dimensions"));
  CHECK(test::has(error_with(g, node_of("Expand", {"x", "many"})), "too many dimensions"));
  CHECK(test::has(error_with(g, node_of("Expand", {"one", "huge"})), "has the size"));
  CHECK(test::has(error_with(g, node_of("Expand", {"one", "wide"})), "beyond what an image needs"));
  CHECK(test::has(error_with(g, node_of("Pad", {"x", "lowest"})), "pads that are out of range"));
  for (const std::int64_t groups : {std::int64_t{0}, kLowest, kHuge})
    CHECK(test::has(error_with(g, node_of("Conv", {"x", "w"}, {{"group", integers({groups})}})),
                    "groups that are out of range"));
  const Node shaped = node_of("ConvTranspose", {"x", "w"}, {{"output_shape", integers({kLowest, 8})}});
  g.hold_reals("w", {3, 4, 1, 1});
  CHECK(test::has(error_with(g, shaped), "output_shape that is out of range"));
  const Node padded = node_of("ConvTranspose", {"x", "w"}, {{"pads", integers({9, 9, 9, 9})}});
  CHECK(test::has(error_with(g, padded), "empty output"));
}

TEST_CASE("graph: weights in another shape than their convolution's") {
  TestGraph g;
  g.hold_reals("w", {3, 2, 2});
  g.hold_integers("shape", {4, 3, 1, 1});
  g.hold_reals("b", {2, 2});
  g.hold_integers("flat", {4});
  Node weight = node_of("Reshape", {"w", "shape"}), bias = node_of("Reshape", {"b", "flat"});
  weight.outputs = {"weight"}, bias.outputs = {"bias"};
  g.nodes = {weight, bias, node_of("Conv", {"x", "weight", "bias"})};
  CHECK(lowered(g).dims == Dims{1, 4, 8, 8});
}

TEST_CASE("graph: sums of known integers") {
  TestGraph g;
  g.hold(std::string("k"), Constant::of_integers({1, 2, 3, 4, 5, 6}, {2, 3}));
  g.nodes = {node_of("ReduceSum", {"k"}, {{"axes", integers({1})}, {"keepdims", integers({0})}})};
  CHECK(lowered(g).constant->integers == std::vector<std::int64_t>{6, 15});
  g.nodes = {node_of("Sum", {"k", "k", "k"})};
  CHECK(lowered(g).constant->integers == std::vector<std::int64_t>{3, 6, 9, 12, 15, 18});
}

TEST_CASE("graph: a given multiple is tried, and the first reason is told") {
  TestGraph g;
  g.hold_reals("down", {3, 3, 2, 2});
  g.hold_reals("up", {3, 3, 2, 2});
  Node down = node_of("Conv", {"x", "down"}, {{"strides", integers({2, 2})}});
  down.outputs = {"half"};
  g.nodes = {down, node_of("ConvTranspose", {"half", "up"}, {{"strides", integers({2, 2})}})};
  const auto shared = std::make_shared<const graph::Graph>(g);
  const auto network = [&](const graph::ImageFormat& format) {
    return graph::Network(shared, format, {}, parse_device("cpu"), DType::f32);
  };
  CHECK(network({}).traits().multiple == 2);
  graph::ImageFormat format;
  format.multiple = 6;
  CHECK(network(format).traits().multiple == 6);
  format.multiple = 3;
  CHECK(test::has(test::error_of([&] { network(format); }), "for an image of 105x99"));
  g.nodes[1].attributes["strides"] = integers({4, 2});
  const auto other = std::make_shared<const graph::Graph>(g);
  CHECK(test::has(test::error_of([&] { graph::Network(other, {}, {}, parse_device("cpu"), DType::f32); }),
                  "differ between height and width"));
}
