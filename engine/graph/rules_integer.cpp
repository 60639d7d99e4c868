// Ops on shapes and other known numbers. They leave no step: the image's size is known.
#include <algorithm>
#include <cmath>

#include "engine/graph/lowering.h"
#include "engine/graph/rules.h"

namespace sumi::graph {
namespace {

using Values = std::vector<Value>;

constexpr std::int64_t kMostKnown = std::int64_t{1} << 26;  // elements of a range

// TensorProto's numbers of element types.
bool is_real_type(std::int64_t type) {
  return type == 1 || type == 10 || type == 11 || type == 16;
}

Values shape_rule(NodeContext& c) {
  const Value& x = c.in(0);
  std::int64_t start = c.integer("start", 0), end = c.integer("end", x.rank());
  const auto within = [&](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? i + x.rank() : i, 0, x.rank());
  };
  start = within(start);
  end = std::max(start, within(end));
  std::vector<std::int64_t> sizes(x.dims.begin() + start, x.dims.begin() + end);
  return {Builder::of(Constant::of_integers(sizes, {static_cast<std::int64_t>(sizes.size())}))};
}

Values size_rule(NodeContext& c) {
  return {Builder::of(Constant::of_integers({count_of(c.in(0).dims)}, {}))};
}

Values constant_rule(NodeContext& c) {
  const auto& attributes = c.node.attributes;
  const auto list = [](const Attribute& a, const Dims& dims) {
    return a.reals.empty() ? Constant::of_integers(a.integers, dims) : Constant::of_reals(a.reals, dims);
  };
  for (const auto& [name, a] : attributes) {
    if (name == "value" && a.tensor) {
      Value v;
      v.constant = a.tensor;
      v.dims = a.tensor->dims;
      v.order = row_major(v.rank());
      return {v};
    }
    const auto count = static_cast<std::int64_t>(std::max(a.reals.size(), a.integers.size()));
    if ((name == "value_float" || name == "value_int") && count == 1) return {Builder::of(list(a, {}))};
    if (name == "value_floats" || name == "value_ints") return {Builder::of(list(a, {count}))};
  }
  c.refuse("holds no numbers");
}

Constant filled(bool real, double value, const Dims& dims) {
  Constant result;
  result.dims = dims;
  result.real = real;
  const auto count = static_cast<std::size_t>(count_of(dims));
  if (real)
    result.reals.assign(count, static_cast<float>(value));
  else
    result.integers.assign(count, static_cast<std::int64_t>(value));
  return result;
}

Values constant_of_shape_rule(NodeContext& c) {
  const Dims dims = c.integers_in(0);
  c.builder.spend(count_of(dims));
  const auto value = c.node.attributes.find("value");
  if (value == c.node.attributes.end() || !value->second.tensor) return {Builder::of(filled(true, 0, dims))};
  const Constant& given = *value->second.tensor;
  if (given.count() != 1) c.refuse("fills with more than one number");
  return {Builder::of(filled(given.real, given.at(0), dims))};
}

Values cast_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const bool real = is_real_type(c.integer("to", 1));
  const bool boolean = c.integer("to", 1) == 9;
  if (real && !x.is_integer()) return {x};  // any width is computed in the network's own
  if (!real && !c.builder.is_known(x)) c.refuse("makes integers of what depends on the image");
  const ConstantPtr from = c.builder.host(x);
  c.builder.spend(from->count());
  Constant to;
  to.dims = x.dims;
  to.real = real;
  for (std::int64_t i = 0; i < from->count(); ++i) {
    const double v = from->at(i);
    if (real) {
      to.reals.push_back(static_cast<float>(v));
    } else {
      if (!(std::abs(v) < 9e18)) c.refuse("casts a number that no integer holds");
      to.integers.push_back(boolean      ? (v != 0 ? 1 : 0)
                            : from->real ? static_cast<std::int64_t>(v)
                                         : from->integers[static_cast<std::size_t>(i)]);
    }
  }
  return {Builder::of(std::move(to))};
}

Values range_rule(NodeContext& c) {
  const ConstantPtr start = c.builder.host(c.in(0)), end = c.builder.host(c.in(1)),
                    step = c.builder.host(c.in(2));
  if (start->count() != 1 || end->count() != 1 || step->count() != 1 || step->at(0) == 0)
    c.refuse("has limits that are not single numbers");
  const double count = std::max(0.0, std::ceil((end->at(0) - start->at(0)) / step->at(0)));
  if (!(count <= double(kMostKnown))) c.refuse("is too long");
  c.builder.spend(static_cast<std::int64_t>(count));
  Constant result;
  result.real = start->real;
  result.dims = {static_cast<std::int64_t>(count)};
  for (std::int64_t i = 0; i < result.dims[0]; ++i) {
    const double v = start->at(0) + double(i) * step->at(0);
    if (result.real)
      result.reals.push_back(static_cast<float>(v));
    else
      result.integers.push_back(static_cast<std::int64_t>(v));
  }
  return {Builder::of(std::move(result))};
}

// Of known numbers of any shapes that broadcast; f(a, b, c) of as many as there are.
template <class F>
Value elementwise(NodeContext& c, const std::vector<Value>& values, bool real, F&& f) {
  const std::size_t operands = values.size();
  std::vector<ConstantPtr> in;
  std::size_t rank = 0;
  for (const Value& value : values) {
    in.push_back(c.builder.host(value));
    rank = std::max(rank, in.back()->dims.size());
  }
  Dims dims(rank, 1);
  std::vector<std::vector<std::int64_t>> strides;
  for (const ConstantPtr& operand : in) {
    Dims padded = operand->dims;
    padded.insert(padded.begin(), rank - padded.size(), 1);
    std::vector<std::int64_t> stride = memory_strides(padded, row_major(static_cast<int>(rank)));
    for (std::size_t a = 0; a < rank; ++a) {
      if (padded[a] == 1) stride[a] = 0;
      if (padded[a] != 1 && dims[a] != 1 && padded[a] != dims[a]) c.refuse("has inputs that do not fit");
      if (padded[a] != 1) dims[a] = padded[a];
    }
    strides.push_back(std::move(stride));
  }
  c.builder.spend(count_of(dims));
  Constant result;
  result.dims = dims;
  result.real = real;
  for_each(dims, [&](const Dims& at, std::int64_t) {
    double v[3] = {0, 0, 0};
    for (std::size_t k = 0; k < operands; ++k) {
      std::int64_t from = 0;
      for (std::size_t a = 0; a < rank; ++a) from += at[a] * strides[k][a];
      v[k] = in[k]->at(from);
    }
    const double y = f(v[0], v[1], v[2]);
    if (real)
      result.reals.push_back(static_cast<float>(y));
    else if (std::abs(y) < 9e18)
      result.integers.push_back(static_cast<std::int64_t>(y));
    else
      c.refuse("leaves the range of integers");
  });
  return Builder::of(std::move(result));
}

template <class F>
Value elementwise(NodeContext& c, std::size_t operands, bool real, F&& f) {
  std::vector<Value> values;
  for (std::size_t i = 0; i < operands; ++i) values.push_back(c.in(i));
  return elementwise(c, values, real, std::forward<F>(f));
}

bool reals_among(NodeContext& c, std::size_t from) {
  for (std::size_t i = from; i < c.inputs.size(); ++i)
    if (!c.in(i).is_integer()) return true;
  return false;
}

Values where_rule(NodeContext& c) {
  return {elementwise(c, 3, reals_among(c, 1), [](double a, double b, double d) { return a != 0 ? b : d; })};
}
template <bool (*compare)(double, double)>
Values compare_rule(NodeContext& c) {
  return {elementwise(c, 2, false, [](double a, double b, double) { return compare(a, b) ? 1.0 : 0.0; })};
}
bool equal(double a, double b) {
  return a == b;
}
bool less(double a, double b) {
  return a < b;
}
bool greater(double a, double b) {
  return a > b;
}
bool less_equal(double a, double b) {
  return a <= b;
}
bool greater_equal(double a, double b) {
  return a >= b;
}
bool both(double a, double b) {
  return a != 0 && b != 0;
}
bool either(double a, double b) {
  return a != 0 || b != 0;
}

template <double (*function)(double)>
Values round_rule(NodeContext& c) {
  return {elementwise(c, 1, reals_among(c, 0), [](double a, double, double) { return function(a); })};
}
double not_of(double a) {
  return a == 0 ? 1 : 0;
}
double floor_of(double a) {
  return std::floor(a);
}
double ceil_of(double a) {
  return std::ceil(a);
}
double round_of(double a) {
  return std::nearbyint(a);
}

Values mod_rule(NodeContext& c) {
  const bool truncated = c.integer("fmod", 0) != 0;
  return {elementwise(c, 2, reals_among(c, 0), [&](double a, double b, double) {
    if (b == 0) c.refuse("divides by zero");
    return truncated ? std::fmod(a, b) : a - b * std::floor(a / b);
  })};
}

Values reduce_prod_rule(NodeContext& c) {
  const ConstantPtr x = c.builder.host(c.in(0));
  if (!c.list("axes", 1).empty() && x->dims.size() != 1) c.refuse("multiplies along chosen axes");
  double product = 1;
  for (std::int64_t i = 0; i < x->count(); ++i) product *= x->at(i);
  if (!(std::abs(product) < 9e18)) c.refuse("leaves the range of integers");
  const Dims dims(c.integer("keepdims", 1) != 0 ? x->dims.size() : 0, 1);
  return {Builder::of(filled(x->real, product, dims))};
}

}  // namespace

// Whole numbers for the four arithmetic ops, which rules_math.cpp shares.
Value integer_arithmetic(NodeContext& c, char op) {
  return elementwise(c, 2, false, [&](double a, double b, double) {
    if (op == '/') {
      if (b == 0) c.refuse("divides by zero");
      return std::trunc(a / b);
    }
    return op == '+' ? a + b : op == '-' ? a - b : a * b;
  });
}

Value integer_total(NodeContext& c) {
  Value total = c.in(0);
  for (std::size_t i = 1; i < c.inputs.size(); ++i)
    total = elementwise(c, {total, c.in(i)}, false, [](double a, double b, double) { return a + b; });
  return total;
}

Value integer_reduce_sum(NodeContext& c) {
  const ConstantPtr x = c.builder.host(c.in(0));
  const int rank = static_cast<int>(x->dims.size());
  const std::vector<std::int64_t> axes = c.list("axes", 1);
  if (axes.empty() && c.integer("noop_with_empty_axes", 0) != 0) return c.in(0);
  std::vector<bool> reduced(x->dims.size(), axes.empty());
  for (const std::int64_t a : axes) reduced[static_cast<std::size_t>(c.axis(a, rank))] = true;
  Dims kept = x->dims, rest;
  for (std::size_t a = 0; a < kept.size(); ++a)
    if (reduced[a])
      kept[a] = 1;
    else
      rest.push_back(kept[a]);
  c.builder.spend(count_of(kept));
  Constant sums = filled(false, 0, kept);
  const std::vector<std::int64_t> strides = memory_strides(kept, row_major(rank));
  for_each(x->dims, [&](const Dims& at, std::int64_t i) {
    std::int64_t to = 0;
    for (std::size_t a = 0; a < at.size(); ++a) to += reduced[a] ? 0 : at[a] * strides[a];
    std::int64_t& sum = sums.integers[static_cast<std::size_t>(to)];
    if (__builtin_add_overflow(sum, x->integers[static_cast<std::size_t>(i)], &sum))
      c.refuse("leaves the range of integers");
  });
  if (c.integer("keepdims", 1) == 0) sums.dims = rest;
  return Builder::of(std::move(sums));
}

void add_integer_rules(Rules& rules) {
  rules.insert({{"Shape", shape_rule},
                {"Size", size_rule},
                {"Constant", constant_rule},
                {"ConstantOfShape", constant_of_shape_rule},
                {"Cast", cast_rule},
                {"Range", range_rule},
                {"Where", where_rule},
                {"Equal", compare_rule<equal>},
                {"Less", compare_rule<less>},
                {"Greater", compare_rule<greater>},
                {"LessOrEqual", compare_rule<less_equal>},
                {"GreaterOrEqual", compare_rule<greater_equal>},
                {"And", compare_rule<both>},
                {"Or", compare_rule<either>},
                {"Not", round_rule<not_of>},
                {"Floor", round_rule<floor_of>},
                {"Ceil", round_rule<ceil_of>},
                {"Round", round_rule<round_of>},
                {"Mod", mod_rule},
                {"ReduceProd", reduce_prod_rule}});
}

}  // namespace sumi::graph
