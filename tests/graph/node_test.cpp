// The test data of ONNX itself (Debian's libonnx-testdata): nodes with inputs and outputs. Skipped
// aloud if it is not installed.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/graph/lowering.h"
#include "engine/graph/onnx.h"
#include "engine/runtime/device.h"
#include "engine/serialize/file.h"

using namespace sumi;

namespace {

namespace fs = std::filesystem;
constexpr const char* kData = "/usr/share/libonnx-testdata/data";

// The ops that published generators have.
const std::set<std::string> kImported{"Conv",
                                      "ConvTranspose",
                                      "Pad",
                                      "InstanceNormalization",
                                      "BatchNormalization",
                                      "LayerNormalization",
                                      "GroupNormalization",
                                      "Relu",
                                      "LeakyRelu",
                                      "PRelu",
                                      "Tanh",
                                      "Sigmoid",
                                      "Clip",
                                      "Softmax",
                                      "Add",
                                      "Sub",
                                      "Mul",
                                      "Div",
                                      "Pow",
                                      "Sqrt",
                                      "Reciprocal",
                                      "ReduceMean",
                                      "ReduceSum",
                                      "GlobalAveragePool",
                                      "MatMul",
                                      "Gemm",
                                      "Resize",
                                      "Upsample",
                                      "DepthToSpace",
                                      "Concat",
                                      "Split",
                                      "Transpose",
                                      "Reshape",
                                      "Squeeze",
                                      "Unsqueeze",
                                      "Expand",
                                      "Shape",
                                      "Gather",
                                      "Slice",
                                      "Cast",
                                      "Constant",
                                      "ConstantOfShape",
                                      "Identity",
                                      "QuantizeLinear",
                                      "DequantizeLinear"};

// Differences that are meant: values of bf16 are stored as integers there; rounding to integers is
// left out on import.
const std::set<std::string> kKnown{"test_castlike_BFLOAT16_to_FLOAT_expanded", "test_cast_FLOAT_to_BFLOAT16",
                                   "test_castlike_FLOAT_to_BFLOAT16_expanded", "test_cast_BFLOAT16_to_FLOAT",
                                   "test_quantizelinear"};

struct Outcome {
  bool refused = false;
  std::string why;  // "": equal
};

graph::ConstantPtr tensor_in(const fs::path& file) {
  return graph::onnx_parser().tensor(read_file(file, 1 << 26), file.string());
}

std::string difference(const graph::Constant& expected, const graph::Dims& dims,
                       const std::vector<float>& values) {
  if (dims != expected.dims)
    return fmt::format("is {} instead of {}", graph::text_of(dims), graph::text_of(expected.dims));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double want = expected.at(static_cast<std::int64_t>(i)), got = values[i];
    const bool same = (std::isnan(want) && std::isnan(got)) || want == got ||
                      std::abs(got - want) <= 1e-5 + 1e-3 * std::abs(want);
    if (!same) return fmt::format("value {} is {} instead of {}", i, got, want);
  }
  return "";
}

std::string compare(const graph::Graph& graph, const fs::path& data) {
  graph::LoweringRequest request;
  request.graph = &graph;
  request.device = parse_device("cpu");
  std::map<std::string, graph::ConstantPtr> given;
  graph::ConstantPtr image;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const graph::ConstantPtr value = tensor_in(data / fmt::format("input_{}.pb", i));
    if (!image && value->real && value->count() > 0) {
      image = value;
      request.input = graph.inputs[i].name;
      request.dims = value->dims;
      request.order = graph::row_major(static_cast<int>(value->dims.size()));
    } else {
      given[graph.inputs[i].name] = value;
    }
  }
  request.given = &given;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    request.output = graph.outputs[i].name;
    graph::WeightCache weights;
    const graph::Lowered made = graph::lower(
        request, weights, [](const graph::Dims& d) { return graph::row_major(static_cast<int>(d.size())); });
    std::vector<float> values;
    if (made.constant) {
      for (std::int64_t k = 0; k < made.constant->count(); ++k) values.push_back(float(made.constant->at(k)));
    } else {
      const Tensor x = Tensor::from(image->reals, made.plan.steps[0].shape, DType::f32, request.device);
      values = graph::run(made.plan, x).to_vector<float>();
    }
    const std::string wrong =
        difference(*tensor_in(data / fmt::format("output_{}.pb", i)), made.dims, values);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

Outcome outcome_of(const fs::path& folder, std::set<std::string>& ops) {
  try {
    const graph::Graph graph = graph::read_onnx(folder / "model.onnx");
    for (const graph::Node& node : graph.nodes) ops.insert(node.op);
    const NoGrad no_grad;
    return {false, compare(graph, folder / "test_data_set_0")};
  } catch (const Error& error) {
    return {true, error.what()};
  }
}

}  // namespace

TEST_CASE("graph: ONNX's own test data") {
  if (!fs::exists(kData)) {
    MESSAGE("SKIPPED: libonnx-testdata is not installed; third_party/install.sh test");
    return;
  }
  std::map<std::string, int> out_of_scope;
  std::map<std::string, std::vector<std::string>> refused;
  int passed = 0, total = 0, imported = 0;
  for (const char* kind : {"node", "simple", "pytorch-operator", "pytorch-converted"})
    for (const auto& entry : fs::directory_iterator(fs::path(kData) / kind)) {
      std::set<std::string> ops;
      const Outcome outcome = outcome_of(entry.path(), ops);
      const std::string name = entry.path().filename().string();
      const bool known = !ops.empty() && std::all_of(ops.begin(), ops.end(), [](const std::string& op) {
        return kImported.count(op) > 0;
      });
      ++total;
      imported += known ? 1 : 0;
      if (!outcome.refused && kKnown.count(name) == 0)
        CHECK_MESSAGE(outcome.why.empty(), name << ": " << outcome.why);
      passed += !outcome.refused && outcome.why.empty() ? 1 : 0;
      if (outcome.refused && known) refused[*ops.begin()].push_back(name + ": " + outcome.why);
      if (outcome.refused && !known)
        for (const std::string& op : ops)
          if (kImported.count(op) == 0) ++out_of_scope[op];
    }
  std::string text;
  for (const auto& [op, names] : refused)
    for (const std::string& name : names) text += "\n  " + name;
  std::string others;
  for (const auto& [op, count] : out_of_scope) others += fmt::format(" {}:{}", op, count);
  MESSAGE(passed << " of " << total << " pass; " << imported
                 << " have imported ops only. Refused of those:" << text << "\nout of scope:" << others);
  CHECK(passed >= 385);
}
