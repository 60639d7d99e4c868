// ONNX files by protobuf. The parser only checks the wire format, so every size, offset and name is
// checked here. The limits follow onnx_pb's structure: a model of nodes and tensors is less than
// ten messages deep.
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <limits>
#include <utility>

#include "engine/error.h"
#include "engine/graph/module/tensor_data.h"
#include "engine/graph/onnx.h"

#ifndef SUMI_ONNX_STAMP
#define SUMI_ONNX_STAMP ""
#endif

namespace sumi::graph {
namespace {

constexpr int kMostDepth = 32;
constexpr int kMostNodes = 1 << 17, kMostAttributeValues = 1 << 20;

Attribute attribute_of(const onnx::AttributeProto& given, const TensorSource& source) {
  Attribute a;
  if (given.ints_size() > kMostAttributeValues || given.floats_size() > kMostAttributeValues)
    fail(source.shown(), "attribute " + given.name() + " has too many values");
  switch (given.type()) {
    case onnx::AttributeProto::INT:
      a.integers = {given.i()};
      break;
    case onnx::AttributeProto::INTS:
      a.integers.assign(given.ints().begin(), given.ints().end());
      break;
    case onnx::AttributeProto::FLOAT:
      a.reals = {given.f()};
      break;
    case onnx::AttributeProto::FLOATS:
      a.reals.assign(given.floats().begin(), given.floats().end());
      break;
    case onnx::AttributeProto::STRING:
      a.text = given.s();
      break;
    case onnx::AttributeProto::TENSOR:
      a.tensor = source.constant(given.t());
      break;
    default:
      a.graph = true;
  }
  return a;
}

Node node_of(const onnx::NodeProto& given, const TensorSource& source) {
  Node node;
  node.op = given.op_type();
  node.name = given.name();
  node.domain = given.domain() == "ai.onnx" ? "" : given.domain();
  node.inputs.assign(given.input().begin(), given.input().end());
  node.outputs.assign(given.output().begin(), given.output().end());
  for (const onnx::AttributeProto& a : given.attribute())
    if (!node.attributes.emplace(a.name(), attribute_of(a, source)).second)
      fail(source.shown(), fmt::format("node {} has attribute {} twice", node.name, a.name()));
  return node;
}

ValueInfo info_of(const onnx::ValueInfoProto& given, const std::string& shown) {
  ValueInfo info;
  info.name = given.name();
  if (!given.type().has_tensor_type()) fail(shown, "value " + info.name + " is not a tensor");
  const auto& type = given.type().tensor_type();
  info.real = is_real(type.elem_type());
  if (type.shape().dim_size() > kMostRank) fail(shown, "value " + info.name + " has too many dimensions");
  for (const auto& d : type.shape().dim()) info.dims.push_back(d.dim_value() > 0 ? d.dim_value() : -1);
  return info;
}

void add_initializers(const onnx::GraphProto& given, const TensorSource& source, Graph& graph) {
  for (const onnx::TensorProto& t : given.initializer())
    if (!graph.initializers.emplace(t.name(), source.constant(t)).second)
      fail(source.shown(), "tensor " + t.name() + " is there twice");
  if (given.sparse_initializer_size() > 0) fail(source.shown(), "sparse tensors are not supported");
}

Graph graph_of(const onnx::ModelProto& model, const TensorSource& source) {
  const onnx::GraphProto& given = model.graph();
  if (given.node_size() == 0) fail(source.shown(), "there is no network in it: it has no nodes");
  if (given.node_size() > kMostNodes) fail(source.shown(), fmt::format("it has {} nodes", given.node_size()));
  if (model.functions_size() > 0) fail(source.shown(), "functions of its own are not supported");
  Graph graph;
  graph.producer = model.producer_name();
  if (!model.producer_version().empty()) graph.producer += " " + model.producer_version();
  for (const auto& o : model.opset_import())
    if (o.domain().empty() || o.domain() == "ai.onnx") graph.opset = o.version();
  for (const auto& entry : model.metadata_props()) graph.metadata[entry.key()] = entry.value();
  add_initializers(given, source, graph);
  for (const auto& value : given.input())
    if (graph.initializers.count(value.name()) == 0) graph.inputs.push_back(info_of(value, source.shown()));
  for (const auto& value : given.output()) graph.outputs.push_back(info_of(value, source.shown()));
  if (graph.outputs.empty()) fail(source.shown(), "there is no output");
  graph.nodes.reserve(static_cast<std::size_t>(given.node_size()));
  for (const onnx::NodeProto& node : given.node()) graph.nodes.push_back(node_of(node, source));
  return graph;
}

Graph parse(const std::string& bytes, const std::string& shown, const std::filesystem::path& folder) {
  const google::protobuf::LogSilencer silent;  // its remarks go to standard error
  const TensorSource source("onnx " + shown, folder);
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    fail(source.shown(), "larger than 2 GiB; keep its weights in a file of external data");
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMostDepth);
  onnx::ModelProto model;
  // A failed parse leaves a half-filled model.
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    fail(source.shown(), "is damaged or not an ONNX file: its protobuf does not parse");
  return graph_of(model, source);
}

ConstantPtr parse_tensor(const std::string& bytes, const std::string& shown) {
  const TensorSource source("onnx " + shown, {});
  onnx::TensorProto tensor;
  if (!tensor.ParseFromString(bytes)) fail(source.shown(), "is no tensor");
  return source.constant(tensor);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const OnnxParser* sumi_onnx() {
  static const OnnxParser table{SUMI_ONNX_STAMP, parse, parse_tensor};
  return &table;
}

}  // namespace sumi::graph
