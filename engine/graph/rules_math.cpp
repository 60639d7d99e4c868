// Arithmetic, activations, reductions and products.
#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "engine/graph/lowering.h"
#include "engine/graph/rules.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;
using Values = std::vector<Value>;

Dims padded(const Dims& dims, std::size_t rank) {
  Dims result = dims;
  result.insert(result.begin(), rank - std::min(rank, dims.size()), 1);
  return result;
}

// v with leading dimensions of 1.
Value raised(const Value& v, std::size_t rank) {
  Value result = v;
  const int lead = static_cast<int>(rank) - v.rank();
  result.dims = padded(v.dims, rank);
  for (int& axis : result.order) axis += lead;
  result.order.insert(result.order.begin(), static_cast<std::size_t>(lead), 0);
  for (int i = 0; i < lead; ++i) result.order[static_cast<std::size_t>(i)] = i;
  return result;
}

std::optional<float> single(const Value& v) {
  if (!v.constant || v.constant->count() != 1) return std::nullopt;
  return static_cast<float>(v.constant->at(0));
}

// An image or its features rather than a few statistics.
bool spatial(const Shape& s) {
  return s.h * s.w > 1;
}

Value affine_of(NodeContext& c, const Value& x, double scale, double shift) {
  if (scale == 1 && shift == 0) return x;
  Step step;
  step.inputs = {x.step};
  step.shape = c.builder.shape(x.step);
  step.kind = Kind::affine;
  step.scale = scale;
  step.shift = shift;
  Value y = x;
  y.step = c.builder.emit(std::move(step));
  return y;
}

Value unary_of(NodeContext& c, const Value& x, Unary act, double alpha = 0) {
  Step step;
  step.kind = Kind::unary;
  step.act = act;
  step.alpha = alpha;
  step.inputs = {x.step};
  step.shape = c.builder.shape(x.step);
  Value y = x;
  y.step = c.builder.emit(std::move(step));
  return y;
}

// With one number: x op b, or b op x.
Value with_number(NodeContext& c, const Value& x, char op, double b, bool first) {
  switch (op) {
    case '+':
      return affine_of(c, x, 1, b);
    case '-':
      return first ? affine_of(c, x, -1, b) : affine_of(c, x, 1, -b);
    case '*':
      return affine_of(c, x, b, 0);
    default:
      if (first) return affine_of(c, unary_of(c, x, Unary::reciprocal), b, 0);
      if (b == 0) c.refuse("divides by zero");
      return affine_of(c, x, 1 / b, 0);
  }
}

// A constant that varies along x's channels only, the last axis in memory.
bool along_channels(const Value& constant, const Value& x, const Shape& shape) {
  const std::vector<int> axes = memory_axes(constant.dims, constant.order);
  return spatial(shape) && axes.size() <= 1 &&
         constant.dims[static_cast<std::size_t>(x.order.back())] == shape.c &&
         count_of(constant.dims) == shape.c;
}

// x op constant for each channel: gamma x + beta.
std::optional<Value> with_channels(NodeContext& c, const Value& x, const Value& constant, char op,
                                   bool first) {
  const Shape shape = c.builder.shape(x.step);
  if (!constant.constant || !along_channels(constant, x, shape)) return std::nullopt;
  if (op == '/' && first) return std::nullopt;
  std::vector<float> values(static_cast<std::size_t>(shape.c));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(constant.constant->at(static_cast<std::int64_t>(i)));
  Step step;
  step.kind = Kind::channel_affine;
  step.inputs = {x.step};
  step.shape = shape;
  const Shape vector = Shape::vector(shape.c);
  if (op == '/')
    for (float& v : values) v = 1 / v;
  if (op == '-' && !first)
    for (float& v : values) v = -v;
  if (op == '*' || op == '/')
    step.gamma = c.builder.tensor(values, vector);
  else
    step.beta = c.builder.tensor(values, vector);
  if (op == '-' && first) step.gamma = Tensor::full(vector, -1, c.builder.dtype(), c.builder.device());
  Value y = x;
  y.step = c.builder.emit(std::move(step));
  return y;
}

Kind kind_of(char op) {
  return op == '+' ? Kind::add : op == '-' ? Kind::sub : op == '*' ? Kind::mul : Kind::div;
}

// More than four dimensions: only where both operands have the same elements in the same order.
Value same_shaped(NodeContext& c, const Value& a, const Value& b, char op) {
  if (a.dims != b.dims) c.refuse("has " + std::to_string(a.rank()) + " dimensions");
  const Shape flat = Shape::vector(count_of(a.dims));
  Step step;
  step.kind = kind_of(op);
  step.inputs = {c.builder.arranged(a, a.order, flat), c.builder.arranged(b, a.order, flat)};
  step.shape = flat;
  return Builder::of(c.builder.emit(std::move(step)), a.dims, a.order);
}

Value binary(NodeContext& c, Value a, Value b, char op) {
  const auto rank = static_cast<std::size_t>(std::max(a.rank(), b.rank()));
  if (a.base_dims && b.base_dims && a.dims == b.dims && *a.base_dims == *b.base_dims) {  // two like views
    Value x = a, y = b;
    x.dims = *a.base_dims, x.order = a.base_order, x.base_dims.reset();
    y.dims = *b.base_dims, y.order = b.base_order, y.base_dims.reset();
    Value result = binary(c, x, y, op);
    result.base_dims = result.dims, result.base_order = result.order;
    result.dims = a.dims, result.order = row_major(a.rank());
    return result;
  }
  const bool a_leads = b.constant || (!a.constant && count_of(a.dims) >= count_of(b.dims));
  const Value& lead = a_leads ? a : b;
  const Value& other = a_leads ? b : a;
  if (const auto number = single(other); number && other.rank() <= lead.rank() && lead.step >= 0)
    return with_number(c, lead, op, *number, !a_leads);
  a = raised(c.builder.settled(a), rank);
  b = raised(c.builder.settled(b), rank);
  if (rank > 4) return same_shaped(c, a, b, op);
  const std::vector<int> order = a_leads ? a.order : b.order;
  if (lead.step >= 0 && c.builder.shape(lead.step) == shape_of(a_leads ? a.dims : b.dims, order))
    if (auto y = with_channels(c, a_leads ? a : b, a_leads ? b : a, op, !a_leads)) return *y;
  Dims dims = a.dims;
  for (std::size_t i = 0; i < rank; ++i) {
    if (a.dims[i] != b.dims[i] && a.dims[i] != 1 && b.dims[i] != 1)
      c.refuse("has inputs of " + text_of(a.dims) + " and " + text_of(b.dims) + ", which do not fit");
    dims[i] = std::max(a.dims[i], b.dims[i]);
  }
  Step step;
  step.inputs = {c.builder.arranged(a, order), c.builder.arranged(b, order)};
  step.shape = shape_of(dims, order);
  step.kind = kind_of(op);
  if (op == '*' && step.inputs[0] == step.inputs[1]) {
    step.kind = Kind::unary;
    step.act = Unary::square;
    step.inputs.pop_back();
  }
  return Builder::of(c.builder.emit(std::move(step)), dims, order);
}

template <char op>
Values arithmetic_rule(NodeContext& c) {
  if (c.in(0).is_integer() && c.in(1).is_integer()) return {integer_arithmetic(c, op)};
  return {binary(c, c.in(0), c.in(1), op)};
}

Values sum_rule(NodeContext& c) {
  bool integers = true;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) integers = integers && c.in(i).is_integer();
  if (integers) return {integer_total(c)};
  Value total = c.in(0);
  for (std::size_t i = 1; i < c.inputs.size(); ++i) total = binary(c, total, c.in(i), '+');
  return {total};
}

template <Unary act>
Values unary_rule(NodeContext& c) {
  return {unary_of(c, stepped(c, c.in(0)), act)};
}
Values leaky_relu_rule(NodeContext& c) {
  return {unary_of(c, stepped(c, c.in(0)), Unary::leaky_relu, c.real("alpha", 0.01))};
}
Values negation_rule(NodeContext& c) {
  return {affine_of(c, stepped(c, c.in(0)), -1, 0)};
}

Values pow_rule(NodeContext& c) {
  const ConstantPtr exponent = c.builder.host(c.in(1));
  const double p = exponent->count() > 0 ? exponent->at(0) : 0;
  for (std::int64_t i = 0; i < exponent->count(); ++i)
    if (exponent->at(i) != p || exponent->count() > count_of(c.in(0).dims)) c.refuse("has several exponents");
  const Value x = stepped(c, c.in(0));
  if (p == 1) return {x};
  if (p == 2) return {unary_of(c, x, Unary::square)};
  if (p == 3) return {binary(c, unary_of(c, x, Unary::square), x, '*')};
  if (p == 0.5) return {unary_of(c, x, Unary::sqrt)};
  if (p == -1) return {unary_of(c, x, Unary::reciprocal)};
  if (p == -0.5) return {unary_of(c, unary_of(c, x, Unary::sqrt), Unary::reciprocal)};
  c.refuse("has the exponent " + std::to_string(p) + "; 0.5, 1, 2, 3, -0.5 and -1 are supported");
}

// min and max of numbers: low + relu(x - low), and high - relu(high - x).
Values clip_rule(NodeContext& c) {
  const auto limit = [&](const char* name, std::size_t i) -> std::optional<double> {
    if (c.node.attributes.count(name) > 0) return c.real(name, 0);
    if (!c.has(i)) return std::nullopt;
    const std::vector<float> values = c.reals_in(i);
    if (values.size() != 1) c.refuse("has limits that are not single numbers");
    return values[0];
  };
  return {clipped(c, stepped(c, c.in(0)), limit("min", 1), limit("max", 2))};
}

// slope x + (1 - slope) relu(x)
Values prelu_rule(NodeContext& c) {
  const Value x = stepped(c, c.in(0));
  const Value& slope = c.in(1);
  const ConstantPtr values = c.builder.host(slope);
  if (values->count() < 1) c.refuse("has no slopes");
  bool same = true;
  Constant rest = *values;
  for (std::int64_t i = 0; i < values->count(); ++i) {
    same = same && values->at(i) == values->at(0);
    if (!rest.real) c.refuse("has integer slopes");
    rest.reals[static_cast<std::size_t>(i)] = 1 - values->reals[static_cast<std::size_t>(i)];
  }
  if (same) return {unary_of(c, x, Unary::leaky_relu, values->at(0))};
  const Value positive = binary(c, unary_of(c, x, Unary::relu), Builder::of(rest), '*');
  return {binary(c, binary(c, x, slope, '*'), positive, '+')};
}

// Sums along axes, times 1 / count for means.
Values reduce(NodeContext& c, bool mean) {
  const Value x = c.builder.settled(stepped(c, c.in(0)));
  std::vector<std::int64_t> axes = c.list("axes", 1);
  if (axes.empty() && c.integer("noop_with_empty_axes", 0) != 0) return {x};
  std::vector<bool> reduced(x.dims.size(), axes.empty());
  for (const std::int64_t a : axes) reduced[static_cast<std::size_t>(c.axis(a, x.rank()))] = true;
  if (x.rank() > 4) c.refuse("has more than four dimensions");
  Dims kept = x.dims, rest;
  double covered = 1;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (reduced[i]) {
      covered *= double(kept[i]);
      kept[i] = 1;
    } else {
      rest.push_back(kept[i]);
    }
  }
  Step step;
  step.kind = Kind::sum_to;
  step.inputs = {c.builder.arranged(x, x.order)};
  step.shape = shape_of(kept, x.order);
  step.scale = mean ? 1 / covered : 1;
  const Value y = Builder::of(kept == x.dims ? x.step : c.builder.emit(std::move(step)), kept, x.order);
  if (c.integer("keepdims", 1) != 0) return {y};
  Value dropped = y;
  dropped.dims = rest;
  dropped.order = *reshaped_order(y.dims, y.order, rest);
  return {dropped};
}
Values reduce_mean_rule(NodeContext& c) {
  return reduce(c, true);
}
Values reduce_sum_rule(NodeContext& c) {
  if (c.in(0).is_integer()) return {integer_reduce_sum(c)};
  return reduce(c, false);
}

Values global_average_rule(NodeContext& c) {
  const Value x = c.builder.settled(c.in(0));
  if (x.rank() < 3 || x.rank() > 4) c.refuse("has " + std::to_string(x.rank()) + " dimensions");
  Dims dims = x.dims;
  double covered = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) {
    covered *= double(dims[i]);
    dims[i] = 1;
  }
  Step step;
  step.kind = Kind::sum_to;
  step.inputs = {c.builder.arranged(x, x.order)};
  step.shape = shape_of(dims, x.order);
  step.scale = 1 / covered;
  return {Builder::of(c.builder.emit(std::move(step)), dims, x.order)};
}

}  // namespace

// A value with a step: constants get one.
Value stepped(NodeContext& c, const Value& x) {
  if (!x.constant) return x;
  const Shape shape = x.rank() <= 4 ? shape_of(x.dims, x.order) : Shape::vector(count_of(x.dims));
  Value v = x;
  v.step = c.builder.arranged(x, x.order, shape);
  v.constant = nullptr;
  return v;
}

Value sum_of(NodeContext& c, const Value& a, const Value& b) {
  return binary(c, a, b, '+');
}
Value product_of(NodeContext& c, const Value& a, const Value& b) {
  return binary(c, a, b, '*');
}
Value scaled(NodeContext& c, const Value& x, double scale, double shift) {
  return affine_of(c, stepped(c, x), scale, shift);
}

Value inverse_root(NodeContext& c, const Value& x, double eps) {
  return unary_of(c, unary_of(c, affine_of(c, x, 1, eps), Unary::sqrt), Unary::reciprocal);
}

Value clipped(NodeContext& c, Value x, std::optional<double> low, std::optional<double> high) {
  if (low && std::isfinite(*low))
    x = affine_of(c, unary_of(c, affine_of(c, x, 1, -*low), Unary::relu), 1, *low);
  if (high && std::isfinite(*high))
    x = affine_of(c, unary_of(c, affine_of(c, x, -1, *high), Unary::relu), -1, *high);
  return x;
}

void add_math_rules(Rules& rules) {
  rules.insert({{"Add", arithmetic_rule<'+'>},
                {"Sub", arithmetic_rule<'-'>},
                {"Mul", arithmetic_rule<'*'>},
                {"Div", arithmetic_rule<'/'>},
                {"Sum", sum_rule},
                {"Relu", unary_rule<Unary::relu>},
                {"LeakyRelu", leaky_relu_rule},
                {"Tanh", unary_rule<Unary::tanh>},
                {"Sigmoid", unary_rule<Unary::sigmoid>},
                {"Softplus", unary_rule<Unary::softplus>},
                {"Exp", unary_rule<Unary::exp>},
                {"Log", unary_rule<Unary::log>},
                {"Sqrt", unary_rule<Unary::sqrt>},
                {"Abs", unary_rule<Unary::abs>},
                {"Reciprocal", unary_rule<Unary::reciprocal>},
                {"Neg", negation_rule},
                {"Pow", pow_rule},
                {"Clip", clip_rule},
                {"PRelu", prelu_rule},
                {"ReduceMean", reduce_mean_rule},
                {"ReduceSum", reduce_sum_rule},
                {"GlobalAveragePool", global_average_rule}});
}

}  // namespace sumi::graph
