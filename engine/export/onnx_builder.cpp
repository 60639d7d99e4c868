#include "engine/export/onnx_builder.h"

namespace sumi {
namespace {

// Numbers of onnx.proto: fields by message, and enumerators.
namespace field {
constexpr int kAttributeName = 1, kAttributeFloat = 2, kAttributeInt = 3, kAttributeString = 4,
              kAttributeInts = 8, kAttributeType = 20;
constexpr int kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kNodeOp = 4, kNodeAttribute = 5;
constexpr int kTensorDims = 1, kTensorType = 2, kTensorName = 8, kTensorRaw = 9;
constexpr int kValueName = 1, kValueType = 2, kTypeTensor = 1, kTensorElement = 1, kTensorShape = 2;
constexpr int kShapeSize = 1, kSizeValue = 1, kSizeName = 2;
constexpr int kGraphNode = 1, kGraphName = 2, kGraphInitializer = 5, kGraphInput = 11, kGraphOutput = 12;
constexpr int kModelVersion = 1, kModelProducer = 2, kModelProducerVersion = 3, kModelGraph = 7,
              kModelOpset = 8, kModelMetadata = 14;
constexpr int kOpsetDomain = 1, kOpsetVersion = 2, kEntryKey = 1, kEntryValue = 2;
}  // namespace field
constexpr int kFloatAttribute = 1, kIntAttribute = 2, kStringAttribute = 3, kIntsAttribute = 7;
constexpr int kFloatTensor = 1, kInt64Tensor = 7;

// The version of the file format that came with an opset.
int format_version(int opset) {
  return opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : opset < 23 ? 10 : 11;
}

// A field of bytes, as a message that contains it would have it.
void put_field(std::string& out, int number, const ProtoMessage& value) {
  out += ProtoMessage().message(number, value).bytes();
}

ProtoMessage value_info(const std::string& name, const std::vector<OnnxBuilder::Size>& shape) {
  ProtoMessage sizes;
  for (const OnnxBuilder::Size& size : shape) {
    ProtoMessage one;
    if (size.name.empty())
      one.number(field::kSizeValue, size.value);
    else
      one.text(field::kSizeName, size.name);
    sizes.message(field::kShapeSize, one);
  }
  const ProtoMessage tensor =
      ProtoMessage().number(field::kTensorElement, kFloatTensor).message(field::kTensorShape, sizes);
  return ProtoMessage()
      .text(field::kValueName, name)
      .message(field::kValueType, ProtoMessage().message(field::kTypeTensor, tensor));
}

}  // namespace

OnnxAttribute::OnnxAttribute(std::string name, std::int64_t value) {
  message.text(field::kAttributeName, name).number(field::kAttributeInt, value);
  message.number(field::kAttributeType, kIntAttribute);
}
OnnxAttribute::OnnxAttribute(std::string name, double value) {
  message.text(field::kAttributeName, name).real(field::kAttributeFloat, static_cast<float>(value));
  message.number(field::kAttributeType, kFloatAttribute);
}
OnnxAttribute::OnnxAttribute(std::string name, const char* value) {
  message.text(field::kAttributeName, name).text(field::kAttributeString, value);
  message.number(field::kAttributeType, kStringAttribute);
}
OnnxAttribute::OnnxAttribute(std::string name, const std::vector<std::int64_t>& values) {
  message.text(field::kAttributeName, name);
  for (const std::int64_t value : values) message.number(field::kAttributeInts, value);
  message.number(field::kAttributeType, kIntsAttribute);
}

std::string OnnxBuilder::unique(const std::string& name) {
  const int count = used_[name]++;
  return count == 0 ? name : name + "_" + std::to_string(count);
}

std::string OnnxBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                              const std::vector<OnnxAttribute>& attributes, const std::string& result) {
  const std::string name = unique(op);
  const std::string made = result.empty() ? unique(op + "_out") : result;
  ProtoMessage node;
  for (const std::string& input : inputs) node.text(field::kNodeInput, input);
  node.text(field::kNodeOutput, made).text(field::kNodeName, name).text(field::kNodeOp, op);
  for (const OnnxAttribute& attribute : attributes) node.message(field::kNodeAttribute, attribute.message);
  put_field(node_bytes_, field::kGraphNode, node);
  ++nodes_;
  return made;
}

void OnnxBuilder::initializer(const std::string& name, int type, const std::vector<std::int64_t>& shape,
                              const void* data, std::size_t bytes) {
  ProtoMessage tensor;
  for (const std::int64_t size : shape) tensor.number(field::kTensorDims, size);
  tensor.number(field::kTensorType, type).text(field::kTensorName, name);
  tensor.text(field::kTensorRaw, {static_cast<const char*>(data), bytes});
  put_field(initializer_bytes_, field::kGraphInitializer, tensor);
}

std::string OnnxBuilder::floats(const std::string& name, const std::vector<std::int64_t>& shape,
                                const std::vector<float>& values) {
  const std::string made = unique(name);
  initializer(made, kFloatTensor, shape, values.data(), values.size() * sizeof(float));
  return made;
}

std::string OnnxBuilder::integers(const std::vector<std::int64_t>& values) {
  auto [at, fresh] = integers_.emplace(values, "");
  if (fresh) {
    at->second = unique("integers");
    initializer(at->second, kInt64Tensor, {static_cast<std::int64_t>(values.size())}, values.data(),
                values.size() * sizeof(std::int64_t));
  }
  return at->second;
}

std::string OnnxBuilder::scalar(double value) {
  auto [at, fresh] = filled_.emplace(std::pair{value, std::int64_t{0}}, "");
  if (fresh) at->second = floats("number", {}, {static_cast<float>(value)});
  return at->second;
}

std::string OnnxBuilder::filled(double value, std::int64_t size) {
  auto [at, fresh] = filled_.emplace(std::pair{value, size}, "");
  if (fresh)
    at->second = floats(value == 0 ? "zeros" : "ones", {size},
                        std::vector<float>(static_cast<std::size_t>(size), static_cast<float>(value)));
  return at->second;
}

void OnnxBuilder::input(const std::string& name, const std::vector<Size>& shape) {
  used_[name] = 1;
  put_field(input_bytes_, field::kGraphInput, value_info(name, shape));
}
void OnnxBuilder::output(const std::string& name, const std::vector<Size>& shape) {
  used_[name] = 1;
  put_field(output_bytes_, field::kGraphOutput, value_info(name, shape));
}

std::string OnnxBuilder::model(const std::string& graph_name, int opset, const std::string& producer_version,
                               const std::vector<std::pair<std::string, std::string>>& metadata) const {
  const std::string graph = node_bytes_ + ProtoMessage().text(field::kGraphName, graph_name).bytes() +
                            initializer_bytes_ + input_bytes_ + output_bytes_;
  ProtoMessage model;
  model.number(field::kModelVersion, format_version(opset));
  model.text(field::kModelProducer, "sumi").text(field::kModelProducerVersion, producer_version);
  model.text(field::kModelGraph, graph);
  model.message(field::kModelOpset,
                ProtoMessage().text(field::kOpsetDomain, "").number(field::kOpsetVersion, opset));
  for (const auto& [key, value] : metadata)
    model.message(field::kModelMetadata,
                  ProtoMessage().text(field::kEntryKey, key).text(field::kEntryValue, value));
  return model.bytes();
}

}  // namespace sumi
