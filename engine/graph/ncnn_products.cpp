// Layers with weights, and arithmetic.
#include <algorithm>
#include <utility>

#include "engine/graph/ncnn_nodes.h"

namespace sumi::graph {
namespace {

using Blobs = std::vector<std::string>;

struct Filter {
  std::int64_t outputs, kernel_w, kernel_h, inputs, groups;  // inputs of one group
  NcnnNodes::Attributes attributes;
};

// Sizes of a convolution; a pad of -233 or -234 is TensorFlow's SAME.
Filter filter_of(NcnnNodes& n, bool depthwise) {
  constexpr std::int64_t kMost = 1 << 20;
  Filter f{};
  f.outputs = n.within(0, 0, 1, kMost);
  f.kernel_w = n.within(1, 0, 1, kMost);
  f.kernel_h = n.within(11, f.kernel_w, 1, kMost);
  f.groups = depthwise ? n.within(7, 1, 1, kMost) : 1;
  const std::int64_t dilation_w = n.within(2, 1, 1, kMost), stride_w = n.within(3, 1, 1, kMost);
  const std::int64_t left = n.within(4, 0, -234, kMost), top = n.within(14, left, -234, kMost);
  const std::int64_t one = f.outputs * f.kernel_w * f.kernel_h;  // at most 2^60
  const std::int64_t size = n.within(6, 0, 1, std::int64_t{1} << 31);
  if (size % one != 0 || f.outputs % f.groups != 0)
    n.layer().refuse("has another number of weights than its sizes say");
  f.inputs = size / one;
  n.refuse_int8();
  f.attributes["group"] = whole({f.groups});
  f.attributes["dilations"] = whole({n.within(12, dilation_w, 1, kMost), dilation_w});
  f.attributes["strides"] = whole({n.within(13, stride_w, 1, kMost), stride_w});
  if (left < 0 || top < 0) {
    if (left != top || left > -233) n.layer().refuse("has negative pads");
    f.attributes["auto_pad"] = word(left == -233 ? "SAME_UPPER" : "SAME_LOWER");
  } else {
    f.attributes["pads"] = whole({top, left, n.within(16, top, 0, kMost), n.within(15, left, 0, kMost)});
  }
  n.expect_channels(f.inputs * f.groups);
  return f;
}

std::string with_bias(NcnnNodes& n, const char* op, const Filter& f, const std::string& weight) {
  std::vector<std::string> inputs{n.input(), weight};
  if (n.layer().integer(5, 0) != 0) inputs.push_back(n.plain(f.outputs, {f.outputs}));
  return n.activated(n.node(op, inputs, f.attributes));
}

template <bool depthwise>
Blobs convolution_layer(NcnnNodes& n) {
  if (n.layer().number(18, 0) != 0) n.layer().refuse("pads with a number other than 0");
  if (n.layer().integer(19, 0) != 0) n.layer().refuse("has weights that depend on the image");
  const Filter f = filter_of(n, depthwise);
  const Dims dims{f.outputs, f.inputs, f.kernel_h, f.kernel_w};
  const std::int64_t count = f.outputs * f.inputs * f.kernel_h * f.kernel_w;
  const std::string weight = n.reals(n.weights().tagged(n.layer(), count), dims);
  return {with_bias(n, "Conv", f, weight)};
}

// The file has [group][output][input], ONNX [group][input][output].
template <bool depthwise>
Blobs deconvolution_layer(NcnnNodes& n) {
  if (n.layer().integer(20, 0) != 0 || n.layer().integer(21, 0) != 0)
    n.layer().refuse("has a fixed size of its result");
  if (n.layer().integer(28, 0) != 0) n.layer().refuse("has weights that depend on the image");
  Filter f = filter_of(n, depthwise);
  const std::int64_t right = n.within(18, 0, 0, 1 << 20);
  f.attributes["output_padding"] = whole({n.within(19, right, 0, 1 << 20), right});
  const std::int64_t taps = f.kernel_h * f.kernel_w, outputs = f.outputs / f.groups;
  const std::vector<float> from = n.weights().tagged(n.layer(), f.outputs * f.inputs * taps);
  std::vector<float> to(from.size());
  for (std::int64_t g = 0; g < f.groups; ++g)
    for (std::int64_t k = 0; k < outputs; ++k)
      for (std::int64_t i = 0; i < f.inputs; ++i)
        for (std::int64_t t = 0; t < taps; ++t)
          to[static_cast<std::size_t>(((g * f.inputs + i) * outputs + k) * taps + t)] =
              from[static_cast<std::size_t>(((g * outputs + k) * f.inputs + i) * taps + t)];
  const std::string weight = n.reals(std::move(to), {f.inputs * f.groups, outputs, f.kernel_h, f.kernel_w});
  return {with_bias(n, "ConvTranspose", f, weight)};
}

// A matrix over all values of the blob, in the order c, h, w.
Blobs inner_product_layer(NcnnNodes& n) {
  const std::int64_t outputs = n.within(0, 0, 1, 1 << 20), size = n.within(2, 0, 1, std::int64_t{1} << 31);
  if (size % outputs != 0) n.layer().refuse("has another number of weights than its sizes say");
  n.refuse_int8();
  const std::string weight = n.reals(n.weights().tagged(n.layer(), size), {outputs, size / outputs, 1, 1});
  std::vector<std::string> inputs{n.node("Reshape", {n.input(), n.integers({1, size / outputs, 1, 1})}),
                                  weight};
  if (n.layer().integer(1, 0) != 0) inputs.push_back(n.plain(outputs, {outputs}));
  return {n.activated(n.node("Conv", inputs))};
}

Blobs batch_norm_layer(NcnnNodes& n) {
  const std::int64_t c = n.within(0, 0, 1, 1 << 20);
  const std::string slope = n.plain(c, {c}), mean = n.plain(c, {c}), var = n.plain(c, {c}),
                    bias = n.plain(c, {c});
  return {n.node("BatchNormalization", {n.input(), slope, bias, mean, var},
                 {{"epsilon", number(n.layer().number(1, 0))}})};
}

// gamma and beta of a norm of c channels, 1 and 0 where it has none.
std::pair<std::string, std::string> norm_vectors(NcnnNodes& n, std::int64_t c, bool affine) {
  const auto vector = [&](float plain) {
    return affine ? n.plain(c, {c}) : n.reals(std::vector<float>(static_cast<std::size_t>(c), plain), {c});
  };
  std::string gamma = vector(1);  // first in the file
  return {std::move(gamma), vector(0)};
}

Blobs instance_norm_layer(NcnnNodes& n) {
  const std::int64_t c = n.within(0, 0, 1, 1 << 20);
  const auto [gamma, beta] = norm_vectors(n, c, n.layer().integer(2, 1) != 0);
  return {n.node("InstanceNormalization", {n.input(), gamma, beta},
                 {{"epsilon", number(n.layer().number(1, 1e-3))}})};
}

Blobs group_norm_layer(NcnnNodes& n) {
  const std::int64_t groups = n.within(0, 1, 1, 1 << 20), c = n.within(1, 0, 1, 1 << 20);
  const auto [gamma, beta] = norm_vectors(n, c, n.layer().integer(3, 1) != 0);
  return {n.node("GroupNormalization", {n.input(), gamma, beta},
                 {{"epsilon", number(n.layer().number(2, 1e-3))}, {"num_groups", whole({groups})}})};
}

Blobs prelu_layer(NcnnNodes& n) {
  const std::int64_t c = n.within(0, 0, 1, 1 << 20);
  return {n.node("PRelu", {n.input(), n.plain(c, {c, 1, 1})})};
}

// By the layer's own numbers, or by those of a second blob.
Blobs scale_layer(NcnnNodes& n) {
  const std::int64_t c = n.within(0, 0, -233, 1 << 20);
  const bool biased = n.layer().integer(1, 0) != 0;
  if (c == -233) {
    if (biased) n.layer().refuse("has a bias beside a computed scale");
    return {n.node("Mul", {n.input(0), n.input(1)})};
  }
  if (c < 1) n.layer().refuse("scales no channels");
  const std::string y = n.node("Mul", {n.input(), n.plain(c, {c, 1, 1})});
  return {biased ? n.node("Add", {y, n.plain(c, {c, 1, 1})}) : y};
}

Blobs bias_layer(NcnnNodes& n) {
  const std::int64_t c = n.within(0, 0, 1, 1 << 20);
  return {n.node("Add", {n.input(), n.plain(c, {c, 1, 1})})};
}

Blobs memory_data_layer(NcnnNodes& n) {
  constexpr std::int64_t kMost = 1 << 20;
  const std::int64_t w = n.within(0, 0, 1, kMost), h = n.within(1, 0, 0, kMost), c = n.within(2, 0, 0, kMost);
  if (n.layer().integer(11, 0) != 0 || n.layer().integer(21, 1) != 1)
    n.layer().refuse("has more than three dimensions, or is compressed");
  if (h == 0 && c == 0) return {n.plain(w, {1, w, 1, 1})};
  if (h == 0 || double(w) * double(h) * double(std::max<std::int64_t>(c, 1)) > 2147483648.0)
    n.layer().refuse("has sizes that are out of range");
  return {n.plain(w * h * std::max<std::int64_t>(c, 1), {1, std::max<std::int64_t>(c, 1), h, w})};
}

// b where it is larger (or with `sign` -1 smaller) than a.
std::string extreme(NcnnNodes& n, const std::string& a, const std::string& b, double sign) {
  const std::string difference = sign > 0 ? n.node("Sub", {b, a}) : n.node("Sub", {a, b});
  return n.node(sign > 0 ? "Add" : "Sub", {a, n.node("Relu", {difference})});
}

std::string combined(NcnnNodes& n, std::int64_t op, const std::string& a, const std::string& b) {
  switch (op) {
    case 0:
      return n.node("Add", {a, b});
    case 1:
      return n.node("Sub", {a, b});
    case 2:
      return n.node("Mul", {a, b});
    case 3:
      return n.node("Div", {a, b});
    case 4:
      return extreme(n, a, b, 1);
    case 5:
      return extreme(n, a, b, -1);
    case 6:
      return n.node("Pow", {a, b});
    case 7:
      return n.node("Sub", {b, a});
    case 8:
      return n.node("Div", {b, a});
    default:
      n.layer().refuse("has the operation " + std::to_string(op) + ", which is not supported");
  }
}

Blobs binary_layer(NcnnNodes& n) {
  const bool with_number = n.layer().integer(1, 0) != 0;
  const std::string b = with_number ? n.scalar(n.layer().number(2, 0)) : n.input(1);
  return {combined(n, n.layer().integer(0, 0), n.input(0), b)};
}

// Of any number of blobs: products, sums with coefficients, maxima.
Blobs eltwise_layer(NcnnNodes& n) {
  const std::int64_t op = n.within(0, 0, 0, 2);
  const auto found = n.layer().parameters.find(1);
  const std::vector<double> factors =
      found == n.layer().parameters.end() ? std::vector<double>() : found->second;
  if (!factors.empty() && factors.size() != n.layer().inputs.size())
    n.layer().refuse("has another number of coefficients than of blobs");
  std::string total;
  for (std::size_t i = 0; i < n.layer().inputs.size(); ++i) {
    std::string part = n.input(i);
    if (op == 1 && !factors.empty() && factors[i] != 1) part = n.node("Mul", {part, n.scalar(factors[i])});
    total = i == 0 ? part : combined(n, op == 0 ? 2 : op == 1 ? 0 : 4, total, part);
  }
  if (total.empty()) n.layer().refuse("has too few blobs");
  return {total};
}

}  // namespace

void add_ncnn_product_rules(NcnnRules& rules) {
  rules.insert({{"Convolution", convolution_layer<false>},
                {"ConvolutionDepthWise", convolution_layer<true>},
                {"Deconvolution", deconvolution_layer<false>},
                {"DeconvolutionDepthWise", deconvolution_layer<true>},
                {"InnerProduct", inner_product_layer},
                {"BatchNorm", batch_norm_layer},
                {"InstanceNorm", instance_norm_layer},
                {"GroupNorm", group_norm_layer},
                {"PReLU", prelu_layer},
                {"Scale", scale_layer},
                {"Bias", bias_layer},
                {"MemoryData", memory_data_layer},
                {"BinaryOp", binary_layer},
                {"Eltwise", eltwise_layer}});
}

}  // namespace sumi::graph
