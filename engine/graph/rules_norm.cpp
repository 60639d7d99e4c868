// Norms, and quantization, which is undone.
#include <algorithm>
#include <cmath>

#include "engine/graph/lowering.h"
#include "engine/graph/rules.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;
using Values = std::vector<Value>;

std::vector<float> vector_in(NodeContext& c, std::size_t i, std::int64_t count) {
  std::vector<float> values = c.reals_in(i);
  if (static_cast<std::int64_t>(values.size()) != count)
    c.refuse("has " + std::to_string(values.size()) + " values in input " + std::to_string(i) + " where " +
             std::to_string(count) + " belong");
  return values;
}

// Channels last: any rank from 2, as [n, h, w, c] with all inner axes in h and w.
struct ChannelsLast {
  std::vector<int> order;
  Shape shape;
};

ChannelsLast channels_last(NodeContext& c, const Value& x) {
  if (x.rank() < 2) c.refuse("has an input of " + text_of(x.dims));
  ChannelsLast result;
  result.order.push_back(0);
  for (int a = 2; a < x.rank(); ++a) result.order.push_back(a);
  result.order.push_back(1);
  const std::int64_t pixels = count_of(Dims(x.dims.begin() + 2, x.dims.end()));
  result.shape = x.rank() == 4 ? Shape{x.dims[0], x.dims[2], x.dims[3], x.dims[1]}
                               : Shape{x.dims[0], pixels, 1, x.dims[1]};
  return result;
}

Value with_step(NodeContext& c, const Value& x, const ChannelsLast& form, Step step) {
  step.inputs = {c.builder.arranged(x, form.order, form.shape)};
  step.shape = form.shape;
  return Builder::of(c.builder.emit(std::move(step)), x.dims, form.order);
}

Values batch_norm_rule(NodeContext& c) {
  const Value x = c.builder.settled(c.in(0));
  const ChannelsLast form = channels_last(c, x);
  const std::int64_t channels = form.shape.c;
  const double eps = c.real("epsilon", 1e-5);
  std::vector<float> scale = vector_in(c, 1, channels), shift = vector_in(c, 2, channels);
  Step step;
  const Shape vector = Shape::vector(channels);
  if (c.integer("training_mode", 0) != 0) {
    step.kind = Kind::norm;
    step.norm = {form.shape.n == 1 ? channels : 0, eps};
  } else {
    const std::vector<float> mean = vector_in(c, 3, channels), var = vector_in(c, 4, channels);
    for (std::size_t i = 0; i < scale.size(); ++i) {
      const double factor = double(scale[i]) / std::sqrt(double(var[i]) + eps);
      shift[i] = static_cast<float>(double(shift[i]) - double(mean[i]) * factor);
      scale[i] = static_cast<float>(factor);
    }
    step.kind = Kind::channel_affine;
  }
  step.gamma = c.builder.tensor(scale, vector);
  step.beta = c.builder.tensor(shift, vector);
  return {with_step(c, x, form, std::move(step))};
}

bool all_are(const std::vector<float>& values, float wanted) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == wanted; });
}

Step norm_step(NodeContext& c, std::int64_t groups, const std::vector<float>& scale,
               const std::vector<float>& shift) {
  Step step;
  step.kind = Kind::norm;
  step.norm = {groups, c.real("epsilon", 1e-5)};
  const Shape vector = Shape::vector(static_cast<std::int64_t>(scale.size()));
  if (!all_are(scale, 1)) step.gamma = c.builder.tensor(scale, vector);
  if (!all_are(shift, 0)) step.beta = c.builder.tensor(shift, vector);
  return step;
}

// Each value of a group for all of its channels.
std::vector<float> for_channels(const std::vector<float>& groups, std::int64_t channels) {
  std::vector<float> all;
  for (std::int64_t i = 0; i < channels; ++i)
    all.push_back(groups[static_cast<std::size_t>(i * static_cast<std::int64_t>(groups.size()) / channels)]);
  return all;
}

// A view [n, groups, rest] of an image: the form in which PyTorch writes its GroupNorm.
bool is_grouped_image(const Value& x) {
  return x.base_dims && x.base_dims->size() == 4 && x.rank() >= 3 && x.dims[0] == (*x.base_dims)[0] &&
         x.dims[1] >= 1 && (*x.base_dims)[1] % x.dims[1] == 0;
}

Values instance_norm_rule(NodeContext& c) {
  const Value& given = c.in(0);
  if (given.rank() < 3) c.refuse("has an input of " + text_of(given.dims));
  const std::vector<float> scale = vector_in(c, 1, given.dims[1]), shift = vector_in(c, 2, given.dims[1]);
  if (is_grouped_image(given)) {
    Value image = given;
    image.dims = *given.base_dims;
    image.order = given.base_order;
    image.base_dims.reset();
    const std::int64_t channels = image.dims[1];
    Value y =
        with_step(c, image, channels_last(c, image),
                  norm_step(c, given.dims[1], for_channels(scale, channels), for_channels(shift, channels)));
    y.base_dims = y.dims;
    y.base_order = y.order;
    y.dims = given.dims;
    y.order = row_major(y.rank());
    return {y};
  }
  const Value x = c.builder.settled(given);
  return {with_step(c, x, channels_last(c, x), norm_step(c, x.dims[1], scale, shift))};
}

Values group_norm_rule(NodeContext& c) {
  const Value x = c.builder.settled(c.in(0));
  const ChannelsLast form = channels_last(c, x);
  const std::int64_t groups = c.integer("num_groups", 0), channels = form.shape.c;
  if (groups < 1 || channels % groups != 0) c.refuse("has groups that do not divide the channels");
  const bool by_group = count_of(c.in(1).dims) == groups && groups != channels;
  std::vector<float> scale = vector_in(c, 1, by_group ? groups : channels);
  std::vector<float> shift = vector_in(c, 2, by_group ? groups : channels);
  return {with_step(c, x, form,
                    norm_step(c, groups, for_channels(scale, channels), for_channels(shift, channels)))};
}

// Over all axes from one: rows of as many values.
Values layer_norm_rule(NodeContext& c) {
  const Value x = c.builder.settled(c.in(0));
  const auto axis = static_cast<std::size_t>(c.axis(c.integer("axis", -1), x.rank()));
  const std::int64_t columns =
      count_of(Dims(x.dims.begin() + static_cast<std::ptrdiff_t>(axis), x.dims.end()));
  if (columns < 1) c.refuse("has nothing to normalize");
  const std::vector<float> scale = vector_in(c, 1, columns);
  const std::vector<float> shift =
      c.has(2) ? vector_in(c, 2, columns) : std::vector<float>(static_cast<std::size_t>(columns), 0.0F);
  Step step = norm_step(c, 1, scale, shift);
  step.shape = {count_of(x.dims) / columns, 1, 1, columns};
  step.inputs = {c.builder.arranged(x, row_major(x.rank()), step.shape)};
  const int rows = step.inputs[0];
  const NormOptions norm = step.norm;
  Values results{Builder::of(c.builder.emit(std::move(step)), x.dims, row_major(x.rank()))};
  Dims dims = x.dims;
  std::fill(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end(), 1);
  const auto moment_of = [&](double which) {
    Step moment;
    moment.kind = Kind::moments;
    moment.norm = norm;
    moment.scale = which;
    moment.inputs = {rows};
    moment.shape = {count_of(dims), 1, 1, 1};
    return Builder::of(c.builder.emit(std::move(moment)), dims, row_major(x.rank()));
  };
  if (c.node.outputs.size() > 1) results.push_back(moment_of(1));
  if (c.node.outputs.size() > 2) results.push_back(inverse_root(c, moment_of(2), norm.eps));
  return results;
}

// --- quantization

// scale and zero point, one or one for each index along an axis.
struct Scales {
  std::vector<float> scale, zero;
  std::size_t axis = 0;
  float of(const std::vector<float>& v, const Dims& at) const {
    return v.size() == 1 ? v[0] : v[static_cast<std::size_t>(at[axis])];
  }
};

Scales scales_of(NodeContext& c, const Dims& dims) {
  Scales s;
  s.scale = c.reals_in(1);
  s.zero = c.has(2) ? c.reals_in(2) : std::vector<float>(s.scale.size(), 0.0F);
  if (s.zero.size() != s.scale.size()) c.refuse("has another number of zero points than of scales");
  if (s.scale.size() != 1) {
    s.axis = static_cast<std::size_t>(c.axis(c.integer("axis", 1), static_cast<int>(dims.size())));
    if (static_cast<std::int64_t>(s.scale.size()) != dims[s.axis])
      c.refuse("has scales that do not fit its input");
  }
  return s;
}

Values dequantize_rule(NodeContext& c) {
  const Value& x = c.in(0);
  if (!x.constant) return {x};  // what a QuantizeLinear before it left as real numbers
  const ConstantPtr from = c.builder.host(x);
  const Scales s = scales_of(c, from->dims);
  Constant to;
  to.dims = from->dims;
  to.reals.reserve(static_cast<std::size_t>(from->count()));
  for_each(from->dims, [&](const Dims& at, std::int64_t i) {
    to.reals.push_back((static_cast<float>(from->at(i)) - s.of(s.zero, at)) * s.of(s.scale, at));
  });
  return {Builder::of(std::move(to))};
}

// Rounding is left out; the limits of the integers stay, because a ReLU may be hidden in them.
Values quantize_rule(NodeContext& c) {
  const Value& x = c.in(0);
  if (x.constant) c.refuse("quantizes a constant");
  const Scales s = scales_of(c, x.dims);
  if (s.scale.size() != 1) c.refuse("has a scale for each channel of an activation");
  const int type = c.has(2) ? c.builder.host(c.in(2))->type : 2;
  const bool wide = type == 4 || type == 5, is_signed = type == 3 || type == 5;  // 16 bits; int8, int16
  const double levels = wide ? 65536 : 256, low = is_signed ? -levels / 2 : 0, high = low + levels - 1;
  return {clipped(c, x, (low - s.zero[0]) * s.scale[0], (high - s.zero[0]) * s.scale[0])};
}

}  // namespace

void add_norm_rules(Rules& rules) {
  rules.insert({{"BatchNormalization", batch_norm_rule},
                {"InstanceNormalization", instance_norm_rule},
                {"GroupNormalization", group_norm_rule},
                {"LayerNormalization", layer_norm_rule},
                {"DequantizeLinear", dequantize_rule},
                {"QuantizeLinear", quantize_rule}});
}

}  // namespace sumi::graph
