#include "engine/export/ncnn_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "engine/error.h"
#include "engine/export/nchw.h"

namespace sumi {
namespace {

struct NcnnLayer {
  std::string type;
  std::vector<std::string> inputs, outputs;
  std::string parameters;
};

class NcnnWriter {
 public:
  explicit NcnnWriter(const OpGraph& graph) : graph_(graph) {}
  NcnnModel write();

 private:
  using Kind = GraphNode::Kind;

  // Appends a layer with one result and returns the result's name.
  std::string layer(const std::string& type, const std::vector<std::string>& inputs,
                    const std::string& parameters = "");
  std::string operand(std::size_t value);
  std::string x(const GraphNode& node) { return operand(node.inputs.at(0)); }
  const Shape& x_shape(const GraphNode& node) const { return graph_.shape(node.inputs.at(0)); }
  const Shape& y_shape(const GraphNode& node) const { return graph_.shape(node.output); }
  void put(const std::vector<float>& values);
  // The values of a constant [c], or `missing` for all.
  void put_vector(std::size_t value, double missing, std::int64_t size);

  std::string convert(const GraphNode& node);
  std::string linear(const GraphNode& node);
  std::string norm(const GraphNode& node);
  std::string unary(const GraphNode& node);
  std::string binary(int operation, const GraphNode& node);
  std::string affine(const GraphNode& node);
  std::string resize(const GraphNode& node);
  std::string slice(const GraphNode& node);
  std::string reshape(const GraphNode& node);
  std::string sum(const GraphNode& node);
  void name_outputs();
  void split_shared_blobs();

  const OpGraph& graph_;
  std::vector<NcnnLayer> layers_;
  std::map<std::size_t, std::string> blobs_;
  std::string bin_;
};

[[noreturn]] void no_such_layer(const std::string& what) {
  fail("export", "ncnn files of sumi cannot hold " + what + "; export the network as .onnx");
}

std::string NcnnWriter::layer(const std::string& type, const std::vector<std::string>& inputs,
                              const std::string& parameters) {
  const std::string result = fmt::format("blob{}", layers_.size());
  layers_.push_back({type, inputs, {result}, parameters});
  return result;
}

void NcnnWriter::put(const std::vector<float>& values) {
  bin_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

void NcnnWriter::put_vector(std::size_t value, double missing, std::int64_t size) {
  if (value != kNoValue && !graph_.value(value).constant) no_such_layer("a layer with computed parameters");
  put(value == kNoValue ? std::vector<float>(static_cast<std::size_t>(size), static_cast<float>(missing))
                        : graph_.value(value).constant.to_vector<float>());
}

std::string NcnnWriter::operand(std::size_t value) {
  if (const auto found = blobs_.find(value); found != blobs_.end()) return found->second;
  const GraphValue& v = graph_.value(value);
  if (v.shape.n != 1) no_such_layer("a constant for each sample of a batch");
  put(nchw_values(v.constant));
  return blobs_[value] =
             layer("MemoryData", {}, fmt::format("0={} 1={} 2={}", v.shape.w, v.shape.h, v.shape.c));
}

// Convolutions have their weight as [outputs, inputs, r, s], after a tag of four zero bytes: f32.
std::string NcnnWriter::linear(const GraphNode& node) {
  const bool transposed = node.kind == Kind::conv_transpose, bias = node.inputs.at(2) != kNoValue;
  const GraphValue& weight = graph_.value(node.inputs.at(1));
  if (!weight.constant) no_such_layer("a convolution with a computed weight");
  const Shape& w = weight.shape;
  const ConvOptions& o = node.conv;
  const std::int64_t outputs = y_shape(node).c;
  const std::string given = x(node);
  std::string text = fmt::format("0={} 1={} 11={} 2={} 3={} 4={} 15={} 14={} 16={} 5={} 6={}", outputs, w.w,
                                 w.h, o.dilation, o.stride, o.pad_left, o.pad_right, o.pad_top, o.pad_bottom,
                                 bias ? 1 : 0, weight.constant.count());
  if (o.groups != 1) text += fmt::format(" 7={}", o.groups);
  if (node.output_padding != 0) text += fmt::format(" 18={0} 19={0}", node.output_padding);
  bin_.append(4, '\0');
  std::vector<float> values = nchw_values(weight.constant);
  // [inputs, outputs / groups, r, s] here. With one channel a group, that is ncnn's order too.
  const bool depthwise = o.groups == w.n && w.c == 1;
  if (transposed && !depthwise) {
    if (o.groups != 1) no_such_layer("a transposed convolution with groups of several channels");
    const std::vector<float> from = values;
    const auto taps = static_cast<std::size_t>(w.h * w.w), in = static_cast<std::size_t>(w.n),
               out = static_cast<std::size_t>(w.c);
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t k = 0; k < out; ++k)
        for (std::size_t t = 0; t < taps; ++t)
          values[(k * in + i) * taps + t] = from[(i * out + k) * taps + t];
  }
  put(values);
  if (bias) put_vector(node.inputs[2], 0, outputs);
  return layer(transposed      ? (o.groups != 1 ? "DeconvolutionDepthWise" : "Deconvolution")
               : o.groups != 1 ? "ConvolutionDepthWise"
                               : "Convolution",
               {given}, text);
}

std::string NcnnWriter::norm(const GraphNode& node) {
  const std::int64_t channels = x_shape(node).c, groups = node.norm.groups;
  const std::string given = x(node);
  const auto& in = node.inputs;
  const double eps = node.norm.eps;
  if (in.at(3) != kNoValue) {
    put_vector(in[1], 1, channels);
    put_vector(in[3], 0, channels);
    put_vector(in.at(4), 1, channels);
    put_vector(in[2], 0, channels);
    return layer("BatchNorm", {given}, fmt::format("0={} 1={:e}", channels, eps));
  }
  const bool affine = in.at(1) != kNoValue || in.at(2) != kNoValue;
  if (affine) {
    put_vector(in[1], 1, channels);
    put_vector(in[2], 0, channels);
  }
  if (groups == 0 || groups == channels)
    return layer("InstanceNorm", {given}, fmt::format("0={} 1={:e} 2={}", channels, eps, affine ? 1 : 0));
  return layer("GroupNorm", {given},
               fmt::format("0={} 1={} 2={:e} 3={}", groups, channels, eps, affine ? 1 : 0));
}

std::string NcnnWriter::unary(const GraphNode& node) {
  const std::string given = x(node);
  const auto operation = [&](int number) { return layer("UnaryOp", {given}, fmt::format("0={}", number)); };
  switch (node.act) {
    case Unary::identity:
      return given;
    case Unary::relu:
      return layer("ReLU", {given});
    case Unary::leaky_relu:
      return layer("ReLU", {given}, fmt::format("0={:e}", node.alpha));
    case Unary::tanh:
      return layer("TanH", {given});
    case Unary::sigmoid:
      return layer("Sigmoid", {given});
    case Unary::abs:
      return operation(0);
    case Unary::square:
      return operation(4);
    case Unary::sqrt:
      return operation(5);
    case Unary::exp:
      return operation(7);
    case Unary::log:
      return operation(8);
    case Unary::reciprocal:
      return operation(15);
    default:
      no_such_layer(std::string("the function ") + kernels::name_of(node.act));
  }
}

std::string NcnnWriter::binary(int operation, const GraphNode& node) {
  const std::string a = operand(node.inputs.at(0)), b = operand(node.inputs.at(1));
  return layer("BinaryOp", {a, b}, fmt::format("0={}", operation));
}

std::string NcnnWriter::affine(const GraphNode& node) {
  std::string y = x(node);
  if (node.scale != 1) y = layer("BinaryOp", {y}, fmt::format("0=2 1=1 2={:e}", node.scale));
  if (node.shift != 0) y = layer("BinaryOp", {y}, fmt::format("0=0 1=1 2={:e}", node.shift));
  return y;
}

std::string NcnnWriter::resize(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  const bool nearest = node.resize.mode == ResizeMode::nearest;
  if (to.h % from.h != 0 || to.w % from.w != 0 ||
      (!nearest && node.resize.coords == ResizeCoords::asymmetric))
    no_such_layer("the resizing of " + from.str() + " to " + to.str());
  const bool corners = !nearest && node.resize.coords == ResizeCoords::align_corners;
  return layer("Interp", {x(node)},
               fmt::format("0={} 1={:e} 2={:e} 6={}", nearest ? 1 : 2, static_cast<double>(to.h / from.h),
                           static_cast<double>(to.w / from.w), corners ? 1 : 0));
}

std::string NcnnWriter::slice(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  if (from.n != to.n || from.h != to.h || from.w != to.w) no_such_layer("a part of an image");
  if (from.c == to.c) return x(node);
  return layer("Crop", {x(node)},
               fmt::format("-23309=1,{} -23310=1,{} -23311=1,0", node.at.c, node.at.c + to.c));
}

// In the order of NHWC: a blob of h channels, w rows and c columns.
std::string NcnnWriter::reshape(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  if (from.n != to.n) no_such_layer("a reshape over the samples of a batch");
  std::string y = x(node);
  if (from.h * from.w != 1) y = layer("Permute", {y}, "0=3");  // c w h
  if (to.h * to.w == 1) return layer("Reshape", {y}, fmt::format("0=1 1=1 2={}", to.c));
  y = layer("Reshape", {y}, fmt::format("0={} 1={} 2={}", to.c, to.w, to.h));
  return layer("Permute", {y}, "0=4");  // h c w
}

std::string NcnnWriter::sum(const GraphNode& node) {
  const Shape &from = x_shape(node), &to = y_shape(node);
  const double pixels = static_cast<double>(from.h * from.w);
  if (to.n != from.n || to.c != from.c || to.h * to.w != 1 || std::abs(node.scale * pixels - 1) > 1e-9)
    no_such_layer("a sum other than the mean over an image");
  const std::string mean = layer("Pooling", {x(node)}, "0=1 4=1");
  return layer("Reshape", {mean}, fmt::format("0=1 1=1 2={}", to.c));
}

std::string NcnnWriter::convert(const GraphNode& node) {
  const auto pooled = [&](int type) {
    return layer("Pooling", {x(node)},
                 fmt::format("0={} 1={} 2={} 5=1", type, node.pool.size, node.pool.stride));
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
      return binary(0, node);
    case Kind::sub:
      return binary(1, node);
    case Kind::mul:
      return binary(2, node);
    case Kind::div:
      return binary(3, node);
    case Kind::affine:
      return affine(node);
    case Kind::pad: {
      const PadGeom& p = node.pad;
      const int type = p.mode == PadMode::reflect ? 2 : p.mode == PadMode::replicate ? 1 : 0;
      return layer("Padding", {x(node)},
                   fmt::format("0={} 1={} 2={} 3={} 4={}", p.top, p.bottom, p.left, p.right, type));
    }
    case Kind::resize:
      return resize(node);
    case Kind::avg_pool:
      return pooled(1);
    case Kind::max_pool:
      return pooled(0);
    case Kind::concat: {
      if (node.axis != 3) no_such_layer("a concatenation other than of channels");
      std::vector<std::string> parts;
      for (const std::size_t value : node.inputs) parts.push_back(operand(value));
      return layer("Concat", parts, "0=0");
    }
    case Kind::slice:
      return slice(node);
    case Kind::reshape:
      return reshape(node);
    case Kind::sum:
      return sum(node);
    case Kind::softmax:
      return layer("Softmax", {x(node)}, "0=0 1=1");
    case Kind::broadcast:
      no_such_layer("a broadcast");
  }
  no_such_layer("an unknown operation");
}

// The network's results get copies with their names, because layers may read them too.
void NcnnWriter::name_outputs() {
  for (const auto& [name, value] : graph_.outputs) layers_.push_back({"Noop", {operand(value)}, {name}, ""});
}

// A blob has one reader in ncnn; more read copies.
void NcnnWriter::split_shared_blobs() {
  std::map<std::string, int> readers, next;
  for (const NcnnLayer& l : layers_)
    for (const std::string& input : l.inputs) ++readers[input];
  std::vector<NcnnLayer> all;
  for (NcnnLayer& l : layers_) {
    for (std::string& input : l.inputs)
      if (readers[input] > 1) input += fmt::format("_{}", next[input]++);
    all.push_back(l);
    const std::string& made = l.outputs.front();
    if (readers[made] < 2) continue;
    NcnnLayer split{"Split", {made}, {}, ""};
    for (int i = 0; i < readers[made]; ++i) split.outputs.push_back(fmt::format("{}_{}", made, i));
    all.push_back(split);
  }
  layers_ = std::move(all);
}

NcnnModel NcnnWriter::write() {
  for (const std::size_t value : graph_.inputs) {
    layers_.push_back({"Input", {}, {graph_.value(value).name}, ""});
    blobs_[value] = graph_.value(value).name;
  }
  for (const GraphNode& node : graph_.nodes) blobs_[node.output] = convert(node);
  name_outputs();
  split_shared_blobs();
  std::size_t blobs = 0;
  std::string lines;
  std::map<std::string, int> numbers;
  for (const NcnnLayer& l : layers_) {
    lines += fmt::format("{:<24} {:<24} {} {}", l.type, fmt::format("{}_{}", l.type, numbers[l.type]++),
                         l.inputs.size(), l.outputs.size());
    for (const std::string& name : l.inputs) lines += " " + name;
    for (const std::string& name : l.outputs) lines += " " + name;
    lines += (l.parameters.empty() ? "" : " " + l.parameters) + "\n";
    blobs += l.outputs.size();
  }
  return {fmt::format("7767517\n{} {}\n{}", layers_.size(), blobs, lines), std::move(bin_),
          static_cast<std::int64_t>(layers_.size())};
}

}  // namespace

NcnnModel ncnn_model(const OpGraph& graph) {
  return NcnnWriter(graph).write();
}

}  // namespace sumi
