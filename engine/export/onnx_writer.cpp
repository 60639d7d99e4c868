#include "engine/export/onnx_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/error.h"
#include "engine/export/nchw.h"
#include "engine/export/onnx_builder.h"

namespace sumi {
namespace {

using Names = std::vector<std::string>;

class OnnxWriter {
 public:
  OnnxWriter(const OpGraph& graph, const OnnxOptions& options)
      : graph_(graph), options_(options), any_size_(graph.takes_any_size()) {}

  OnnxModel write();

 private:
  void declare_input(std::size_t value);
  void declare_output(const std::string& name, std::size_t value);
  OnnxBuilder::Size varying(std::int64_t size, const char* name) const;

  // Names of operands: values of four sizes, and constants as vectors [c].
  std::string operand(std::size_t value);
  std::string vector(std::size_t value, double missing, std::int64_t size);

  // Each returns the name of the node's result.
  std::string convert(const GraphNode& node);
  std::string linear(const GraphNode& node);
  std::string norm(const GraphNode& node);
  std::string group_norm(const GraphNode& node, std::int64_t groups);
  std::string unary(const GraphNode& node);
  std::string affine(const GraphNode& node);
  std::string pad(const GraphNode& node);
  std::string resize(const GraphNode& node);
  std::string pool(const char* op, const GraphNode& node);
  std::string concat(const GraphNode& node);
  std::string slice(const GraphNode& node);
  std::string reshape(const GraphNode& node);
  std::string sum(const GraphNode& node);
  std::string broadcast(const GraphNode& node);

  const Shape& x_shape(const GraphNode& node) const { return graph_.shape(node.inputs.at(0)); }
  const Shape& y_shape(const GraphNode& node) const { return graph_.shape(node.output); }
  std::string x(const GraphNode& node) { return operand(node.inputs.at(0)); }
  // A size in a Reshape's target: -1 for the batch.
  std::int64_t target(std::int64_t size, int axis, const Shape& of) const;

  const OpGraph& graph_;
  const OnnxOptions& options_;
  bool any_size_;
  OnnxBuilder onnx_;
  std::map<std::size_t, std::string> names_;    // of values with four sizes
  std::map<std::size_t, std::string> vectors_;  // of constants [c]
};

[[noreturn]] void no_such_operation(const std::string& what) {
  fail("export", "ONNX files of sumi cannot hold " + what + "; export the weights (.safetensors, .pth)");
}

OnnxBuilder::Size OnnxWriter::varying(std::int64_t size, const char* name) const {
  return any_size_ ? OnnxBuilder::Size{0, name} : OnnxBuilder::Size{size};
}

void OnnxWriter::declare_input(std::size_t value) {
  const GraphValue& v = graph_.value(value);
  const Shape& s = v.shape;
  const OnnxBuilder::Size batch{0, "batch"};
  const auto& vectors = options_.vectors;
  if (std::find(vectors.begin(), vectors.end(), v.name) != vectors.end()) {
    onnx_.input(v.name, {batch, {s.c}});
    names_[value] = onnx_.node("Unsqueeze", {v.name, onnx_.integers({2, 3})});
    return;
  }
  const bool image = s.h > 1 || s.w > 1;
  onnx_.input(v.name, {batch,
                       {s.c},
                       image ? varying(s.h, "height") : OnnxBuilder::Size{s.h},
                       image ? varying(s.w, "width") : OnnxBuilder::Size{s.w}});
  names_[value] = v.name;
}

void OnnxWriter::declare_output(const std::string& name, std::size_t value) {
  const Shape& s = graph_.shape(value);
  const Shape& first = graph_.shape(graph_.inputs.front());
  const bool same = s.h == first.h && s.w == first.w, image = first.h > 1 || first.w > 1;
  const auto size = [&](std::int64_t number, const char* as_input, const char* other) {
    return image ? varying(number, same ? as_input : other) : OnnxBuilder::Size{number};
  };
  onnx_.output(
      name, {{0, "batch"}, {s.c}, size(s.h, "height", "output_height"), size(s.w, "width", "output_width")});
}

std::string OnnxWriter::operand(std::size_t value) {
  if (const auto found = names_.find(value); found != names_.end()) return found->second;
  const GraphValue& v = graph_.value(value);
  return names_[value] =
             onnx_.floats(v.name.empty() ? "constant" : v.name, nchw_shape(v.shape), nchw_values(v.constant));
}

std::string OnnxWriter::vector(std::size_t value, double missing, std::int64_t size) {
  if (value == kNoValue) return onnx_.filled(missing, size);
  if (const auto found = vectors_.find(value); found != vectors_.end()) return found->second;
  const GraphValue& v = graph_.value(value);
  if (!v.constant) no_such_operation("a norm with computed parameters");
  return vectors_[value] =
             onnx_.floats(v.name.empty() ? "vector" : v.name, {size}, v.constant.to_vector<float>());
}

std::string OnnxWriter::linear(const GraphNode& node) {
  const bool transposed = node.kind == GraphNode::Kind::conv_transpose;
  const Shape& w = graph_.shape(node.inputs.at(1));
  const ConvOptions& o = node.conv;
  Names inputs{x(node), operand(node.inputs.at(1))};
  if (node.inputs.at(2) != kNoValue) inputs.push_back(vector(node.inputs[2], 0, y_shape(node).c));
  std::vector<OnnxAttribute> attributes{{"kernel_shape", std::vector<std::int64_t>{w.h, w.w}}};
  if (node.kind == GraphNode::Kind::dense) return onnx_.node("Conv", inputs, attributes);  // a kernel of 1x1
  attributes.emplace_back("strides", std::vector<std::int64_t>{o.stride, o.stride});
  attributes.emplace_back("pads",
                          std::vector<std::int64_t>{o.pad_top, o.pad_left, o.pad_bottom, o.pad_right});
  if (o.dilation != 1)
    attributes.emplace_back("dilations", std::vector<std::int64_t>{o.dilation, o.dilation});
  if (o.groups != 1) attributes.emplace_back("group", o.groups);
  if (node.output_padding != 0)
    attributes.emplace_back("output_padding",
                            std::vector<std::int64_t>{node.output_padding, node.output_padding});
  return onnx_.node(transposed ? "ConvTranspose" : "Conv", inputs, attributes);
}

std::string OnnxWriter::norm(const GraphNode& node) {
  const std::int64_t channels = x_shape(node).c, groups = node.norm.groups;
  const OnnxAttribute eps{"epsilon", node.norm.eps};
  const bool fixed = node.inputs.at(3) != kNoValue;
  if (!fixed && groups != 0 && groups != channels) return group_norm(node, groups);
  Names inputs{x(node), vector(node.inputs.at(1), 1, channels), vector(node.inputs.at(2), 0, channels)};
  if (!fixed) return onnx_.node("InstanceNormalization", inputs, {eps});
  inputs.push_back(vector(node.inputs[3], 0, channels));
  inputs.push_back(vector(node.inputs[4], 1, channels));
  return onnx_.node("BatchNormalization", inputs, {eps});
}

// The groups become the channels of an instance norm, as PyTorch's exporters write it.
std::string OnnxWriter::group_norm(const GraphNode& node, std::int64_t groups) {
  const std::int64_t channels = x_shape(node).c;
  const std::string given = x(node), shape = onnx_.node("Shape", {given});
  std::string y = onnx_.node("Reshape", {given, onnx_.integers({0, groups, -1})});
  y = onnx_.node("InstanceNormalization", {y, onnx_.filled(1, groups), onnx_.filled(0, groups)},
                 {{"epsilon", node.norm.eps}});
  y = onnx_.node("Reshape", {y, shape});
  // The parameters [c] as [1,c,1,1].
  const auto parameter = [&](std::size_t value) {
    if (!graph_.value(value).constant) no_such_operation("a norm with computed parameters");
    const GraphValue& v = graph_.value(value);
    return onnx_.floats(v.name.empty() ? "vector" : v.name, {1, channels, 1, 1},
                        v.constant.to_vector<float>());
  };
  if (node.inputs.at(1) != kNoValue) y = onnx_.node("Mul", {y, parameter(node.inputs[1])});
  if (node.inputs.at(2) != kNoValue) y = onnx_.node("Add", {y, parameter(node.inputs[2])});
  return y;
}

std::string OnnxWriter::unary(const GraphNode& node) {
  switch (node.act) {
    case Unary::identity:
      return x(node);
    case Unary::relu:
      return onnx_.node("Relu", {x(node)});
    case Unary::leaky_relu:
      return onnx_.node("LeakyRelu", {x(node)}, {{"alpha", node.alpha}});
    case Unary::tanh:
      return onnx_.node("Tanh", {x(node)});
    case Unary::sigmoid:
      return onnx_.node("Sigmoid", {x(node)});
    case Unary::softplus:
      return onnx_.node("Softplus", {x(node)});
    case Unary::exp:
      return onnx_.node("Exp", {x(node)});
    case Unary::log:
      return onnx_.node("Log", {x(node)});
    case Unary::sqrt:
      return onnx_.node("Sqrt", {x(node)});
    case Unary::square:
      return onnx_.node("Mul", {x(node), x(node)});
    case Unary::abs:
      return onnx_.node("Abs", {x(node)});
    case Unary::reciprocal:
      return onnx_.node("Reciprocal", {x(node)});
    default:
      no_such_operation(std::string("the function ") + kernels::name_of(node.act));
  }
}

std::string OnnxWriter::affine(const GraphNode& node) {
  std::string y = x(node);
  if (node.scale != 1) y = onnx_.node("Mul", {y, onnx_.scalar(node.scale)});
  if (node.shift != 0) y = onnx_.node("Add", {y, onnx_.scalar(node.shift)});
  return y;
}

std::string OnnxWriter::pad(const GraphNode& node) {
  const PadGeom& p = node.pad;
  const char* mode = p.mode == PadMode::reflect     ? "reflect"
                     : p.mode == PadMode::replicate ? "edge"
                                                    : "constant";
  return onnx_.node("Pad", {x(node), onnx_.integers({0, 0, p.top, p.left, 0, 0, p.bottom, p.right})},
                    {{"mode", mode}});
}

std::string OnnxWriter::resize(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  if (to.h % from.h != 0 || to.w % from.w != 0)
    no_such_operation("the resizing of " + from.str() + " to " + to.str() + ", which is no multiple");
  const bool nearest = node.resize.mode == ResizeMode::nearest;
  const ResizeCoords coords = node.resize.coords;
  const char* positions = nearest || coords == ResizeCoords::asymmetric ? "asymmetric"
                          : coords == ResizeCoords::half_pixel          ? "half_pixel"
                                                                        : "align_corners";
  const std::string scales = onnx_.floats(
      "scales", {4}, {1, 1, static_cast<float>(to.h / from.h), static_cast<float>(to.w / from.w)});
  std::vector<OnnxAttribute> attributes{{"mode", nearest ? "nearest" : "linear"},
                                        {"coordinate_transformation_mode", positions}};
  if (nearest) attributes.emplace_back("nearest_mode", "floor");
  return onnx_.node("Resize", {x(node), "", scales}, attributes);
}

std::string OnnxWriter::pool(const char* op, const GraphNode& node) {
  return onnx_.node(op, {x(node)},
                    {{"kernel_shape", std::vector<std::int64_t>{node.pool.size, node.pool.size}},
                     {"strides", std::vector<std::int64_t>{node.pool.stride, node.pool.stride}}});
}

std::string OnnxWriter::concat(const GraphNode& node) {
  Names inputs;
  for (const std::size_t value : node.inputs) inputs.push_back(operand(value));
  return onnx_.node("Concat", inputs, {{"axis", nchw_axis(node.axis)}});
}

std::string OnnxWriter::slice(const GraphNode& node) {
  std::vector<std::int64_t> starts, ends, axes;
  for (int axis = 0; axis < 4; ++axis) {
    if (x_shape(node)[axis] == y_shape(node)[axis]) continue;
    if (axis == 0) no_such_operation("a choice of samples of the batch");
    axes.push_back(nchw_axis(axis));
    starts.push_back(node.at[axis]);
    ends.push_back(node.at[axis] + y_shape(node)[axis]);
  }
  if (axes.empty()) return x(node);
  return onnx_.node("Slice", {x(node), onnx_.integers(starts), onnx_.integers(ends), onnx_.integers(axes)});
}

std::int64_t OnnxWriter::target(std::int64_t size, int axis, const Shape& of) const {
  const bool batch_first = of.n == graph_.batch;
  return size == graph_.batch && (axis == 0 || (!batch_first && of.n == 1)) ? -1 : size;
}

// In the order of NHWC, which pixels have to be brought to and back from.
std::string OnnxWriter::reshape(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  std::string y = x(node);
  if (from.h * from.w != 1)
    y = onnx_.node("Transpose", {y}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}});
  std::vector<std::int64_t> sizes;
  const bool flat = to.h * to.w == 1;
  for (int axis = 0; axis < 4; ++axis) {
    const std::int64_t size = target(to[axis], axis, to);
    // One size may vary.
    sizes.push_back(std::find(sizes.begin(), sizes.end(), -1) == sizes.end() ? size : to[axis]);
  }
  if (flat) sizes = {sizes[0], sizes[3], 1, 1};
  y = onnx_.node("Reshape", {y, onnx_.integers(sizes)});
  return flat ? y : onnx_.node("Transpose", {y}, {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}});
}

std::string OnnxWriter::sum(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  std::vector<std::int64_t> axes;
  for (int axis = 0; axis < 4; ++axis)
    if (to[axis] == 1 && from[axis] != 1) axes.push_back(nchw_axis(axis));
  const double pixels = static_cast<double>(from.h * from.w);
  // Also of one pixel, where other sizes of the input have more.
  const bool over_pixels = to.n == from.n && to.c == from.c && to.h == 1 && to.w == 1;
  if (over_pixels && std::abs(node.scale * pixels - 1) < 1e-9)
    return onnx_.node("GlobalAveragePool", {x(node)});
  std::string y = x(node);
  if (!axes.empty()) y = onnx_.node("ReduceSum", {y, onnx_.integers(axes)}, {{"keepdims", 1}});
  return node.scale == 1 ? y : onnx_.node("Mul", {y, onnx_.scalar(node.scale)});
}

std::string OnnxWriter::broadcast(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  if (from.n != to.n) no_such_operation("the repetition of a sample");
  return onnx_.node("Expand", {x(node), onnx_.integers({1, to.c, to.h, to.w})});
}

std::string OnnxWriter::convert(const GraphNode& node) {
  using Kind = GraphNode::Kind;
  const auto binary = [&](const char* op) {
    return onnx_.node(op, {operand(node.inputs.at(0)), operand(node.inputs.at(1))});
  };
  switch (node.kind) {
    case Kind::conv:
    case Kind::conv_transpose:
    case Kind::dense:
      return linear(node);
    case Kind::norm:
      return norm(node);
    case Kind::unary:
      return unary(node);
    case Kind::add:
      return binary("Add");
    case Kind::sub:
      return binary("Sub");
    case Kind::mul:
      return binary("Mul");
    case Kind::div:
      return binary("Div");
    case Kind::affine:
      return affine(node);
    case Kind::pad:
      return pad(node);
    case Kind::resize:
      return resize(node);
    case Kind::avg_pool:
      return pool("AveragePool", node);
    case Kind::max_pool:
      return pool("MaxPool", node);
    case Kind::concat:
      return concat(node);
    case Kind::slice:
      return slice(node);
    case Kind::reshape:
      return reshape(node);
    case Kind::sum:
      return sum(node);
    case Kind::broadcast:
      return broadcast(node);
    case Kind::softmax:
      return onnx_.node("Softmax", {x(node)}, {{"axis", 1}});
  }
  no_such_operation("an unknown operation");
}

OnnxModel OnnxWriter::write() {
  for (const auto& [name, value] : graph_.outputs) declare_output(name, value);
  for (const std::size_t value : graph_.inputs) declare_input(value);
  for (const GraphNode& node : graph_.nodes) names_[node.output] = convert(node);
  for (const auto& [name, value] : graph_.outputs) onnx_.node("Identity", {operand(value)}, {}, name);
  OnnxModel model{onnx_.model(options_.name, options_.opset, options_.producer_version, options_.metadata),
                  onnx_.nodes()};
  if (model.bytes.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    fail("export", "the ONNX file would exceed the 2 GiB of its format; export the weights (.safetensors)");
  return model;
}

}  // namespace

OnnxModel onnx_model(const OpGraph& graph, const OnnxOptions& options) {
  if (options.opset < kOldestOpset || options.opset > kNewestOpset)
    fail("export", "opset " + std::to_string(options.opset) + " is not possible; use " +
                       std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset));
  return OnnxWriter(graph, options).write();
}

}  // namespace sumi
