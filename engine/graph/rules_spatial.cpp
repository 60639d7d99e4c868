// Convolution, transposed convolution and padding.
#include <algorithm>
#include <array>
#include <limits>

#include "engine/graph/lowering.h"
#include "engine/graph/rules.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;
using Values = std::vector<Value>;

const std::vector<int> kImageOrder{0, 2, 3, 1};  // n, h, w, c in memory

// Of the two spatial axes; a signal's single axis is the second, beside one of size 1.
struct Window {
  std::array<std::int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1}, begin{0, 0}, end{0, 0};
};

std::array<std::int64_t, 2> pair_of(NodeContext& c, const char* name, int spatial, std::int64_t fallback,
                                    std::size_t offset = 0) {
  const auto* given = c.integers(name);
  if (given == nullptr) return {spatial == 1 && fallback == 0 ? 0 : fallback, fallback};
  if (given->size() < offset + static_cast<std::size_t>(spatial))
    c.refuse(std::string("has too few ") + name);
  for (const std::int64_t v : *given)
    if (v < 0 || v > (1 << 20)) c.refuse(std::string("has ") + name + " that are out of range");
  const std::int64_t last = (*given)[offset + static_cast<std::size_t>(spatial) - 1];
  return {spatial == 2 ? (*given)[offset] : fallback, last};
}

Window window_of(NodeContext& c, const Dims& weight, int spatial) {
  Window w;
  w.kernel = {spatial == 2 ? weight[2] : 1, weight.back()};
  w.stride = pair_of(c, "strides", spatial, 1);
  w.dilation = pair_of(c, "dilations", spatial, 1);
  if (spatial == 1) w.stride[0] = w.stride[1], w.dilation[0] = w.dilation[1];
  w.begin = pair_of(c, "pads", spatial, 0);
  w.end = pair_of(c, "pads", spatial, 0, static_cast<std::size_t>(spatial));
  if (w.stride[0] != w.stride[1] || w.dilation[0] != w.dilation[1])
    c.refuse("has strides or dilations that differ between height and width");
  if (w.stride[0] < 1 || w.dilation[0] < 1) c.refuse("has strides or dilations below 1");
  return w;
}

// Padding that makes the output ceil(size / stride); an odd pixel at the end or the beginning.
void same_pads(NodeContext& c, Window& w, const std::array<std::int64_t, 2>& size) {
  const std::string mode = c.text("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) return;
  w.begin = w.end = {0, 0};
  if (mode == "VALID") return;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") c.refuse("has auto_pad " + mode);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
    const std::int64_t out = (size[i] + w.stride[i] - 1) / w.stride[i];
    const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * w.stride[i] + reach - size[i]);
    w.begin[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    w.end[i] = total - w.begin[i];
  }
}

ConvOptions options_of(NodeContext& c, const Window& w, std::int64_t groups) {
  for (const std::int64_t pad : {w.begin[0], w.begin[1], w.end[0], w.end[1]})
    if (pad > (1 << 24)) c.refuse("has pads that are out of range");
  ConvOptions o;
  o.stride = static_cast<int>(w.stride[0]);
  o.dilation = static_cast<int>(w.dilation[0]);
  o.groups = static_cast<int>(groups);
  o.pad_top = static_cast<int>(w.begin[0]);
  o.pad_bottom = static_cast<int>(w.end[0]);
  o.pad_left = static_cast<int>(w.begin[1]);
  o.pad_right = static_cast<int>(w.end[1]);
  return o;
}

// [n,c,l] as [n,c,1,l]
Value as_image(const Value& v) {
  if (v.rank() != 3) return v;
  Value image = v;
  image.dims = {v.dims[0], v.dims[1], 1, v.dims[2]};
  for (int& axis : image.order)
    if (axis == 2) axis = 3;
  image.order.insert(image.order.begin() + 1, 2);
  return image;
}

Value as_signal(const Value& v) {
  Value signal = v;
  signal.dims = {v.dims[0], v.dims[1], v.dims[3]};
  signal.order = {0, 2, 1};
  return signal;
}

struct ConvOperands {
  Value x, weight;
  Tensor w, bias;
  std::int64_t groups = 1;
};

ConvOperands operands_of(NodeContext& c, bool transposed) {
  ConvOperands o;
  const Value given = c.builder.settled(c.in(0));
  const Value given_weight = c.builder.settled(c.in(1));
  if ((given.rank() != 4 && given.rank() != 3) || given_weight.rank() != given.rank())
    c.refuse("of " + text_of(given.dims) + " by " + text_of(given_weight.dims) + " is not two-dimensional");
  o.x = as_image(given);
  o.weight = as_image(given_weight);
  o.groups = c.integer("group", 1);
  if (o.groups < 1 || o.groups > (1 << 20)) c.refuse("has groups that are out of range");
  const std::int64_t channels = transposed ? o.weight.dims[0] : o.weight.dims[1] * o.groups;
  if (o.weight.dims[0] % o.groups != 0 || channels != o.x.dims[1])
    c.refuse("has weights of " + text_of(given_weight.dims) + " in " + std::to_string(o.groups) +
             " groups, which do not fit an input of " + text_of(given.dims));
  if (!c.builder.is_known(o.weight)) c.refuse("has weights that depend on the image");
  o.w = c.builder.weight(o.weight, kImageOrder, shape_of(o.weight.dims, kImageOrder));
  if (c.has(2)) {
    const std::int64_t out = transposed ? o.weight.dims[1] * o.groups : o.weight.dims[0];
    const Value bias = c.builder.settled(c.in(2));
    if (count_of(bias.dims) != out) c.refuse("has another number of biases than of outputs");
    o.bias = c.builder.weight(bias, bias.order, Shape::vector(out));
  }
  return o;
}

Value finish(NodeContext& c, Step step, const ConvOperands& o) {
  step.weight = o.w;
  step.bias = o.bias;
  step.inputs = {c.builder.arranged(o.x, kImageOrder)};
  const Shape s = step.shape;
  const Value y = Builder::of(c.builder.emit(std::move(step)), {s.n, s.c, s.h, s.w}, kImageOrder);
  return c.in(0).rank() == 3 ? as_signal(y) : y;
}

Values conv_rule(NodeContext& c) {
  const ConvOperands o = operands_of(c, false);
  Window w = window_of(c, o.weight.dims, c.in(0).rank() - 2);
  same_pads(c, w, {o.x.dims[2], o.x.dims[3]});
  Step step;
  step.kind = Kind::conv;
  step.conv = options_of(c, w, o.groups);
  step.shape = ConvGeom::make("conv", shape_of(o.x.dims, kImageOrder), o.w.shape(), step.conv).y_shape();
  return {finish(c, std::move(step), o)};
}

// Padding that gives `output_shape`; additional rows beyond the kernels' reach are output padding.
void pads_for_size(NodeContext& c, const std::vector<std::int64_t>& size, const Dims& in, Window& w,
                   std::array<std::int64_t, 2>& extra) {
  const bool lower = c.text("auto_pad", "NOTSET") == "SAME_LOWER";
  const std::size_t spatial = in.size() - 2;
  if (size.size() < spatial) c.refuse("has too few sizes in output_shape");
  for (std::size_t k = 0; k < spatial; ++k) {
    const std::size_t i = 2 - spatial + k;
    const std::int64_t wanted = size[size.size() - spatial + k];
    if (wanted < 1 || wanted > (1 << 24)) c.refuse("has an output_shape that is out of range");
    const std::int64_t full =
        w.stride[i] * (in[2 + k] - 1) + (w.kernel[i] - 1) * w.dilation[i] + 1 + extra[i];
    const std::int64_t total = full - wanted;
    if (total < 0) extra[i] -= total;
    w.begin[i] = std::max<std::int64_t>(0, lower ? total - total / 2 : total / 2);
    w.end[i] = std::max<std::int64_t>(0, total) - w.begin[i];
  }
}

Values conv_transpose_rule(NodeContext& c) {
  const ConvOperands o = operands_of(c, true);
  const int spatial = c.in(0).rank() - 2;
  Window w = window_of(c, o.weight.dims, spatial);
  std::array<std::int64_t, 2> extra = pair_of(c, "output_padding", spatial, 0);
  const std::string mode = c.text("auto_pad", "NOTSET");
  if (const auto* size = c.integers("output_shape")) {
    pads_for_size(c, *size, c.in(0).dims, w, extra);
  } else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    std::vector<std::int64_t> size;
    for (int i = 0; i < spatial; ++i)
      size.push_back(c.in(0).dims[static_cast<std::size_t>(2 + i)] *
                     w.stride[static_cast<std::size_t>(2 - spatial + i)]);
    pads_for_size(c, size, c.in(0).dims, w, extra);
  }
  Step step;
  step.kind = Kind::conv_transpose;
  step.conv = options_of(c, w, o.groups);
  if (std::max(extra[0], extra[1]) >= w.stride[0] && std::max(extra[0], extra[1]) > 0)
    c.refuse("has an output padding that is not smaller than the stride");
  step.output_padding = static_cast<int>(std::max(extra[0], extra[1]));
  step.shape = ConvGeom::make_transpose("conv_transpose", shape_of(o.x.dims, kImageOrder), o.w.shape(),
                                        step.conv, step.output_padding)
                   .x_shape();
  const Shape wanted{step.shape.n, step.shape.h - step.output_padding + extra[0],
                     step.shape.w - step.output_padding + extra[1], step.shape.c};
  if (wanted.h < 1 || wanted.w < 1) c.refuse("leaves nothing of " + text_of(c.in(0).dims));
  const bool same = wanted == step.shape;
  Value y = finish(c, std::move(step), o);
  if (same) return {y};
  Step cut;
  cut.kind = Kind::slice;
  cut.inputs = {y.step};
  cut.shape = wanted;
  y.dims =
      c.in(0).rank() == 3 ? Dims{wanted.n, wanted.c, wanted.w} : Dims{wanted.n, wanted.c, wanted.h, wanted.w};
  y.step = c.builder.emit(std::move(cut));
  return {y};
}

// --- Pad

struct Padding {
  std::vector<std::int64_t> begin, end;
};

Padding padding_of(NodeContext& c, int rank) {
  std::vector<std::int64_t> pads = c.list("pads", 1);
  if (pads.empty()) pads = c.list("paddings", 1);
  std::vector<std::int64_t> axes;
  if (c.has(3)) axes = c.integers_in(3);
  if (axes.empty())
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  if (pads.size() != 2 * axes.size()) c.refuse("has another number of pads than of sides");
  Padding p{std::vector<std::int64_t>(static_cast<std::size_t>(rank), 0),
            std::vector<std::int64_t>(static_cast<std::size_t>(rank), 0)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto a = static_cast<std::size_t>(c.axis(axes[i], rank));
    p.begin[a] = pads[i];
    p.end[a] = pads[i + axes.size()];
    constexpr std::int64_t kMost = 1 << 24;
    if (std::max(p.begin[a], p.end[a]) > kMost || std::min(p.begin[a], p.end[a]) < -kMost)
      c.refuse("has pads that are out of range");
  }
  return p;
}

// Negative pads cut.
Value cropped(NodeContext& c, const Value& x, Padding& p) {
  Step step;
  step.kind = Kind::slice;
  Dims dims = x.dims;
  bool any = false;
  const int lead = 4 - x.rank();
  for (int i = 0; i < x.rank(); ++i) {
    const auto a = static_cast<std::size_t>(x.order[static_cast<std::size_t>(i)]);
    step.at[lead + i] = std::max<std::int64_t>(0, -p.begin[a]);
    dims[a] -= step.at[lead + i] + std::max<std::int64_t>(0, -p.end[a]);
    any = any || dims[a] != x.dims[a];
    if (dims[a] < 1) c.refuse("cuts everything away");
    p.begin[a] = std::max<std::int64_t>(0, p.begin[a]);
    p.end[a] = std::max<std::int64_t>(0, p.end[a]);
  }
  if (!any) return x;
  step.shape = shape_of(dims, x.order);
  step.inputs = {c.builder.arranged(x, x.order)};
  return Builder::of(c.builder.emit(std::move(step)), dims, x.order);
}

// An order of axes in which the padded ones, two at most, are height and width.
std::vector<int> padded_order(NodeContext& c, const Value& x, const Padding& p) {
  const auto padded = [&](int a) {
    return p.begin[static_cast<std::size_t>(a)] != 0 || p.end[static_cast<std::size_t>(a)] != 0;
  };
  const auto fits = [&](const std::vector<int>& order) {
    const int lead = 4 - static_cast<int>(order.size());
    for (int i = 0; i < static_cast<int>(order.size()); ++i)
      if (padded(order[static_cast<std::size_t>(i)]) && lead + i != 1 && lead + i != 2) return false;
    return true;
  };
  if (fits(x.order)) return x.order;
  std::vector<int> inner, outer;
  for (const int a : x.order) (padded(a) ? inner : outer).push_back(a);
  if (inner.size() > 2 || x.rank() != 4) c.refuse("mirrors or repeats along more than two axes");
  while (inner.size() < 2) {
    inner.push_back(outer.back());
    outer.pop_back();
  }
  return {outer[0], inner[0], inner[1], outer[1]};
}

Value bordered(NodeContext& c, const Value& x, const Padding& p, PadMode mode) {
  const std::vector<int> order = padded_order(c, x, p);
  Step step;
  step.kind = Kind::pad;
  step.inputs = {c.builder.arranged(x, order)};
  step.pad.mode = mode;
  Dims dims = x.dims;
  const int lead = 4 - x.rank();
  for (int i = 0; i < x.rank(); ++i) {
    const auto a = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
    dims[a] += p.begin[a] + p.end[a];
    if (lead + i == 1)
      step.pad.top = static_cast<int>(p.begin[a]), step.pad.bottom = static_cast<int>(p.end[a]);
    if (lead + i == 2)
      step.pad.left = static_cast<int>(p.begin[a]), step.pad.right = static_cast<int>(p.end[a]);
  }
  step.pad.check("pad", shape_of(x.dims, order));
  step.shape = shape_of(dims, order);
  return Builder::of(c.builder.emit(std::move(step)), dims, order);
}

// A constant border along any axes.
Value surrounded(NodeContext& c, const Value& x, const Padding& p, double value) {
  bool inner_only = true;
  for (int i = 0; i < x.rank(); ++i) {
    const auto a = static_cast<std::size_t>(x.order[static_cast<std::size_t>(i)]);
    const int slot = 4 - x.rank() + i;
    if (slot != 1 && slot != 2 && (p.begin[a] != 0 || p.end[a] != 0)) inner_only = false;
  }
  const Value zeroed = scaled(c, x, 1, -value);
  if (inner_only) return scaled(c, bordered(c, zeroed, p, PadMode::zero), 1, value);
  Step step;
  step.kind = Kind::place;
  Dims dims = x.dims;
  for (int i = 0; i < x.rank(); ++i) {
    const auto a = static_cast<std::size_t>(x.order[static_cast<std::size_t>(i)]);
    step.at[4 - x.rank() + i] = p.begin[a];
    dims[a] += p.begin[a] + p.end[a];
  }
  step.inputs = {c.builder.arranged(zeroed, x.order)};
  step.shape = shape_of(dims, x.order);
  return scaled(c, Builder::of(c.builder.emit(std::move(step)), dims, x.order), 1, value);
}

Values pad_rule(NodeContext& c) {
  Value x = c.builder.settled(c.in(0));
  if (x.rank() < 1 || x.rank() > 4) c.refuse("has " + std::to_string(x.rank()) + " dimensions");
  Padding p = padding_of(c, x.rank());
  const std::string mode = c.text("mode", "constant");
  x = cropped(c, x, p);
  const auto none = [](const std::vector<std::int64_t>& v) {
    return std::all_of(v.begin(), v.end(), [](std::int64_t pad) { return pad == 0; });
  };
  if (none(p.begin) && none(p.end)) return {x};
  if (x.is_integer()) c.refuse("pads integers");
  if (x.constant) x = scaled(c, x, 1, 0);
  Dims dims = x.dims;
  for (std::size_t a = 0; a < dims.size(); ++a) dims[a] += p.begin[a] + p.end[a];
  (void)count_of(dims);
  if (mode == "reflect") return {bordered(c, x, p, PadMode::reflect)};
  if (mode == "edge") return {bordered(c, x, p, PadMode::replicate)};
  if (mode != "constant") c.refuse("has the mode " + mode + "; constant, reflect and edge are supported");
  double value = c.real("value", 0);
  if (c.has(2)) {
    const std::vector<float> given = c.reals_in(2);
    if (!given.empty()) value = given[0];
  }
  return {surrounded(c, x, p, value)};
}

}  // namespace

void add_spatial_rules(Rules& rules) {
  rules.insert({{"Conv", conv_rule}, {"ConvTranspose", conv_transpose_rule}, {"Pad", pad_rule}});
}

}  // namespace sumi::graph
