// Layers without weights: functions of values, and rearrangements. A blob's axes c, h, w are the
// last three of its value.
#include <array>
#include <limits>

#include "engine/graph/ncnn_nodes.h"

namespace sumi::graph {
namespace {

using Blobs = std::vector<std::string>;

constexpr std::int64_t kRest = -233;  // in place of a size: what is left
constexpr std::int64_t kEnd = std::int64_t{1} << 31;

Blobs copy_layer(NcnnNodes& n) {
  return {n.input()};
}

Blobs relu_layer(NcnnNodes& n) {
  const double slope = n.layer().number(0, 0);
  if (slope == 0) return {n.node("Relu", {n.input()})};
  return {n.node("LeakyRelu", {n.input()}, {{"alpha", number(slope)}})};
}
Blobs tanh_layer(NcnnNodes& n) {
  return {n.node("Tanh", {n.input()})};
}
Blobs sigmoid_layer(NcnnNodes& n) {
  return {n.node("Sigmoid", {n.input()})};
}
Blobs swish_layer(NcnnNodes& n) {
  return {n.node("Mul", {n.input(), n.node("Sigmoid", {n.input()})})};
}
Blobs clip_layer(NcnnNodes& n) {
  constexpr double kFar = std::numeric_limits<float>::max();
  const double low = n.layer().number(0, -kFar), high = n.layer().number(1, kFar);
  std::vector<std::string> inputs{n.input(), low > -kFar ? n.scalar(low) : ""};
  if (high < kFar) inputs.push_back(n.scalar(high));
  return {n.node("Clip", inputs)};
}

std::string gate_of(NcnnNodes& n) {
  return n.hard_gate(n.input(), n.layer().number(0, 0.2), n.layer().number(1, 0.5));
}
Blobs hard_sigmoid_layer(NcnnNodes& n) {
  return {gate_of(n)};
}
Blobs hard_swish_layer(NcnnNodes& n) {
  return {n.node("Mul", {n.input(), gate_of(n)})};
}

Blobs unary_layer(NcnnNodes& n) {
  const std::string& x = n.input();
  switch (n.layer().integer(0, 0)) {
    case 0:
      return {n.node("Abs", {x})};
    case 1:
      return {n.node("Neg", {x})};
    case 4:
      return {n.node("Mul", {x, x})};
    case 5:
      return {n.node("Sqrt", {x})};
    case 6:
      return {n.node("Reciprocal", {n.node("Sqrt", {x})})};
    case 7:
      return {n.node("Exp", {x})};
    case 8:
      return {n.node("Log", {x})};
    case 15:
      return {n.node("Reciprocal", {x})};
    case 16:
      return {n.node("Tanh", {x})};
    default:
      n.layer().refuse("has an operation that is not supported");
  }
}

// An axis of a blob: 0 is c, -1 is w.
std::int64_t axis_of(NcnnNodes& n, std::int64_t axis) {
  if (axis < -3 || axis > 2) n.layer().refuse("has an axis that is out of range");
  return axis < 0 ? axis : axis + 1;
}

Blobs softmax_layer(NcnnNodes& n) {
  return {n.node("Softmax", {n.input()}, {{"axis", whole({axis_of(n, n.layer().integer(0, 0))})}})};
}

Blobs concat_layer(NcnnNodes& n) {
  if (n.layer().inputs.empty()) n.layer().refuse("has too few blobs");
  return {n.node("Concat", n.layer().inputs, {{"axis", whole({axis_of(n, n.layer().integer(0, 0))})}})};
}

// Parts of given sizes; -233 is an equal share of what is left.
Blobs slice_layer(NcnnNodes& n) {
  const std::vector<std::int64_t> sizes = n.layer().integers(0);
  const std::int64_t axis = axis_of(n, n.layer().integer(1, 0));
  Blobs parts;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool last = i + 1 == sizes.size();
    if ((sizes[i] < 1 && !(last && sizes[i] == kRest)) || at > kEnd)
      n.layer().refuse("has parts of sizes that are not supported");
    const std::int64_t end = sizes[i] == kRest ? kEnd : at + sizes[i];
    parts.push_back(n.node("Slice", {n.input(), n.integers({at}), n.integers({end}), n.integers({axis})}));
    at = end;
  }
  if (parts.empty()) n.layer().refuse("has no parts");
  return parts;
}

// A part as large as the second blob.
std::string cropped_like(NcnnNodes& n, const std::vector<std::int64_t>& begin) {
  const std::string shape = n.node("Shape", {n.input(1)});
  const std::string size = n.node("Slice", {shape, n.integers({1}), n.integers({4}), n.integers({0})});
  const std::string starts = n.integers(begin);
  return n.node("Slice", {n.input(), starts, n.node("Add", {size, starts}), n.integers({1, 2, 3})});
}

Blobs crop_layer(NcnnNodes& n) {
  const NcnnLayer& l = n.layer();
  if (l.has(9)) {
    const std::vector<std::int64_t> starts = l.integers(9);
    std::vector<std::int64_t> ends = l.integers(10), axes = l.integers(11);
    if (ends.size() != starts.size()) l.refuse("has starts and ends of different lengths");
    if (axes.empty())
      for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
    for (std::int64_t& axis : axes) axis = axis_of(n, axis);
    for (std::int64_t& end : ends)
      if (end == kRest) end = kEnd;
    return {n.node("Slice", {n.input(), n.integers(starts), n.integers(ends), n.integers(axes)})};
  }
  if (l.integer(13, 0) != 0 || l.integer(14, 0) != 0) l.refuse("cuts four dimensions");
  const std::array<std::int64_t, 3> begin{n.within(2, 0, 0, kEnd), n.within(1, 0, 0, kEnd),
                                          n.within(0, 0, 0, kEnd)};
  if (l.inputs.size() > 1) return {cropped_like(n, {begin[0], begin[1], begin[2]})};
  std::vector<std::int64_t> ends;
  for (std::size_t i = 0; i < 3; ++i) {  // c, h, w
    constexpr std::array<int, 3> kSize{5, 4, 3}, kBehind{8, 7, 6};
    const std::int64_t size = n.within(kSize[i], 0, kRest, kEnd), behind = n.within(kBehind[i], 0, 0, kEnd);
    const bool rest = size == 0 || size == kRest;
    if (size < 0 && !rest) l.refuse("has a negative size");
    ends.push_back(!rest ? begin[i] + size : behind > 0 ? -behind : kEnd);
  }
  return {n.node("Slice", {n.input(), n.integers({begin[0], begin[1], begin[2]}), n.integers(ends),
                           n.integers({1, 2, 3})})};
}

Blobs padding_layer(NcnnNodes& n) {
  constexpr std::int64_t kMost = 1 << 20;
  const std::int64_t top = n.within(0, 0, 0, kMost), bottom = n.within(1, 0, 0, kMost),
                     left = n.within(2, 0, 0, kMost), right = n.within(3, 0, 0, kMost);
  const std::int64_t type = n.within(4, 0, 0, 2), front = n.within(7, 0, 0, kMost),
                     behind = n.within(8, 0, 0, kMost);
  if (n.layer().integer(6, 0) != 0) n.layer().refuse("pads each channel with a number of its own");
  const std::string pads = n.integers({0, front, top, left, 0, behind, bottom, right});
  constexpr std::array<const char*, 3> kModes{"constant", "edge", "reflect"};
  return {n.node("Pad", {n.input(), pads, n.scalar(n.layer().number(5, 0))},
                 {{"mode", word(kModes[static_cast<std::size_t>(type)])}})};
}

Blobs interp_layer(NcnnNodes& n) {
  const NcnnLayer& l = n.layer();
  constexpr std::array<const char*, 3> kModes{"nearest", "linear", "cubic"};
  const std::int64_t type = n.within(0, 0, 1, 3);
  const bool corners = l.integer(6, 0) != 0;
  NcnnNodes::Attributes attributes{{"mode", word(kModes[static_cast<std::size_t>(type - 1)])}};
  attributes["coordinate_transformation_mode"] = word(type == 1 ? "asymmetric"
                                                      : corners ? "align_corners"
                                                                : "half_pixel");
  if (type == 1) attributes["nearest_mode"] = word("floor");
  const std::int64_t height = n.within(3, 0, 0, 1 << 24), width = n.within(4, 0, 0, 1 << 24);
  if (l.inputs.size() > 1 || (height > 0 && width > 0)) {
    std::string size = n.integers({height, width});
    if (l.inputs.size() > 1)
      size =
          n.node("Slice", {n.node("Shape", {n.input(1)}), n.integers({2}), n.integers({4}), n.integers({0})});
    const std::string shape = n.node("Shape", {n.input()});
    const std::string lead = n.node("Slice", {shape, n.integers({0}), n.integers({2}), n.integers({0})});
    const std::string sizes = n.node("Concat", {lead, size}, {{"axis", whole({0})}});
    return {n.node("Resize", {n.input(), "", "", sizes}, attributes)};
  }
  const std::string scales =
      n.reals({1, 1, static_cast<float>(l.number(1, 1)), static_cast<float>(l.number(2, 1))}, {4});
  return {n.node("Resize", {n.input(), "", scales}, attributes)};
}

Blobs pixel_shuffle_layer(NcnnNodes& n) {
  const bool column_first = n.within(1, 0, 0, 1) == 0;
  return {
      n.node("DepthToSpace", {n.input()},
             {{"blocksize", whole({n.within(0, 1, 1, 64)})}, {"mode", word(column_first ? "CRD" : "DCR")}})};
}

Blobs pooling_layer(NcnnNodes& n) {
  if (n.layer().integer(4, 0) == 0 || n.layer().integer(0, 0) != 1)
    n.layer().refuse("is not the mean over the image, the only one that is supported");
  return {n.node("GlobalAveragePool", {n.input()})};
}

// To c, h and w; a vector is c channels of one pixel.
Blobs reshape_layer(NcnnNodes& n) {
  constexpr std::int64_t kMost = 1 << 30;
  const NcnnLayer& l = n.layer();
  if (l.has(11)) l.refuse("makes four dimensions");
  const std::int64_t w = n.within(0, kRest, kRest, kMost), h = n.within(1, kRest, kRest, kMost),
                     c = n.within(2, kRest, kRest, kMost);
  if (h == kRest && c == kRest) return {n.node("Reshape", {n.input(), n.integers({1, w, 1, 1})})};
  if (c == kRest) l.refuse("makes a matrix, which is not supported");
  if (w == 0 || h == 0 || c == 0) l.refuse("keeps a dimension, which is not supported");
  return {n.node("Reshape", {n.input(), n.integers({1, c, h, w})})};
}

Blobs flatten_layer(NcnnNodes& n) {
  return {n.node("Reshape", {n.input(), n.integers({1, -1, 1, 1})})};
}

Blobs permute_layer(NcnnNodes& n) {
  // The new axes c, h, w in terms of the old ones, after the axis of samples.
  static const std::array<std::vector<std::int64_t>, 6> kOrders{
      {{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}}};
  return {n.node("Transpose", {n.input()},
                 {{"perm", whole(kOrders[static_cast<std::size_t>(n.within(0, 0, 0, 5))])}})};
}

Blobs dropout_layer(NcnnNodes& n) {
  const double scale = n.layer().number(0, 1);
  return {scale == 1 ? n.input() : n.node("Mul", {n.input(), n.scalar(scale)})};
}

}  // namespace

void add_ncnn_pixel_rules(NcnnRules& rules) {
  rules.insert({{"Split", copy_layer},
                {"Noop", copy_layer},
                {"ReLU", relu_layer},
                {"TanH", tanh_layer},
                {"Sigmoid", sigmoid_layer},
                {"Swish", swish_layer},
                {"Clip", clip_layer},
                {"HardSigmoid", hard_sigmoid_layer},
                {"HardSwish", hard_swish_layer},
                {"UnaryOp", unary_layer},
                {"Softmax", softmax_layer},
                {"Concat", concat_layer},
                {"Slice", slice_layer},
                {"Crop", crop_layer},
                {"Padding", padding_layer},
                {"Interp", interp_layer},
                {"PixelShuffle", pixel_shuffle_layer},
                {"Pooling", pooling_layer},
                {"Reshape", reshape_layer},
                {"Flatten", flatten_layer},
                {"Permute", permute_layer},
                {"Dropout", dropout_layer}});
}

}  // namespace sumi::graph
