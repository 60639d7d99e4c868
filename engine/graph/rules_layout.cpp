// Ops that rearrange: most of them change a value's description only.
#include <algorithm>
#include <numeric>

#include "engine/graph/lowering.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;
using Values = std::vector<Value>;

constexpr std::size_t kMostRank = 16;
constexpr std::int64_t kMostElements = std::int64_t{1} << 31;

// As the mode of ONNX's node tests: the image's dimensions, [-1] and [0] resolved.
Dims resolved(NodeContext& c, const Dims& from, Dims to) {
  const bool zero_is_zero = c.integer("allowzero", 0) != 0;
  if (to.size() > kMostRank) c.refuse("makes too many dimensions");
  std::int64_t known = 1;
  int open = -1;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && !zero_is_zero) {
      if (i >= from.size()) c.refuse("keeps a dimension that its input lacks");
      to[i] = from[i];
    }
    if (to[i] == -1) {
      if (open >= 0) c.refuse("leaves two sizes open");
      open = static_cast<int>(i);
    } else if (to[i] < 0) {
      c.refuse("asks for a negative size");
    } else {
      if (to[i] > kMostElements) c.refuse("asks for too many elements");
      known *= to[i];
      if (known > kMostElements) c.refuse("asks for too many elements");
    }
  }
  const std::int64_t count = count_of(from);
  if (open >= 0) to[static_cast<std::size_t>(open)] = known > 0 ? count / known : 0;
  return to;
}

Value with_dims(NodeContext& c, const Value& v, const Dims& to) {
  if (count_of(v.dims) != count_of(to))
    c.refuse("turns " + text_of(v.dims) + " into " + text_of(to) + ", which has another number of elements" +
             (c.declared ? "; the file was written for one size: export it with dynamic axes" : ""));
  Value result = v;
  result.dims = to;
  if (v.base_dims && to == *v.base_dims) {
    result.order = v.base_order;
    result.base_dims.reset();
    return result;
  }
  if (v.base_dims) return result;  // another view of the same base
  if (auto order = reshaped_order(v.dims, v.order, to)) {
    result.order = *order;
    return result;
  }
  result.base_dims = v.dims;
  result.base_order = v.order;
  result.order = row_major(result.rank());
  return result;
}

Values reshape_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::vector<std::int64_t> shape = c.list("shape", 1);
  Dims to = resolved(c, x.dims, shape);
  // A size that was fixed when the file was written: back to the dimensions before the reshape.
  const std::int64_t wanted =
      std::any_of(to.begin(), to.end(), [](auto d) { return d < 0; }) ? -1 : count_of(to);
  if (c.declared && wanted != count_of(x.dims) && x.base_dims && x.base_dims->size() == to.size())
    to = *x.base_dims;
  return {with_dims(c, x, to)};
}

Values transpose_rule(NodeContext& c) {
  const Value x = c.builder.settled(c.in(0));
  std::vector<std::int64_t> perm(x.dims.size());
  std::iota(perm.rbegin(), perm.rend(), 0);
  if (const auto* given = c.integers("perm")) perm = *given;
  if (perm.size() != x.dims.size()) c.refuse("permutes another number of axes than its input has");
  Value y = x;
  std::vector<int> place(perm.size(), -1);  // of each old axis
  for (std::size_t i = 0; i < perm.size(); ++i) {
    const auto from = static_cast<std::size_t>(c.axis(perm[i], x.rank()));
    if (place[from] >= 0) c.refuse("names an axis twice");
    place[from] = static_cast<int>(i);
    y.dims[i] = x.dims[from];
  }
  for (std::size_t i = 0; i < y.order.size(); ++i) y.order[i] = place[static_cast<std::size_t>(x.order[i])];
  return {y};
}

Values squeeze_rule(NodeContext& c) {
  const Value& x = c.in(0);
  std::vector<bool> dropped(x.dims.size(), false);
  const std::vector<std::int64_t> axes = c.list("axes", 1);
  for (const std::int64_t a : axes) dropped[static_cast<std::size_t>(c.axis(a, x.rank()))] = true;
  Dims to;
  for (std::size_t i = 0; i < x.dims.size(); ++i) {
    if (axes.empty() ? x.dims[i] == 1 : dropped[i]) {
      if (x.dims[i] != 1) c.refuse("drops an axis of size " + std::to_string(x.dims[i]));
      continue;
    }
    to.push_back(x.dims[i]);
  }
  return {with_dims(c, x, to)};
}

Values unsqueeze_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::vector<std::int64_t> axes = c.list("axes", 1);
  const int rank = x.rank() + static_cast<int>(axes.size());
  if (rank > static_cast<int>(kMostRank)) c.refuse("makes too many dimensions");
  std::vector<bool> added(static_cast<std::size_t>(rank), false);
  for (const std::int64_t a : axes) {
    const auto k = static_cast<std::size_t>(c.axis(a, rank));
    if (added[k]) c.refuse("names an axis twice");
    added[k] = true;
  }
  Dims to;
  std::size_t next = 0;
  for (const bool one : added) to.push_back(one ? 1 : x.dims[next++]);
  return {with_dims(c, x, to)};
}

Values flatten_rule(NodeContext& c) {
  const Value& x = c.in(0);
  std::int64_t axis = c.integer("axis", 1);
  if (axis < 0) axis += x.rank();
  if (axis < 0 || axis > x.rank()) c.refuse("has a wrong axis");
  Dims to{1, 1};
  for (std::int64_t i = 0; i < x.rank(); ++i) to[i < axis ? 0 : 1] *= x.dims[static_cast<std::size_t>(i)];
  return {with_dims(c, x, to)};
}

Values identity_rule(NodeContext& c) {
  return {c.in(0)};
}

// The arrangement in which one axis is cut or joined: any, of at most four axes.
std::vector<int> joined_order(NodeContext& c, const Value& v) {
  if (v.rank() > 4) c.refuse("has more than four dimensions");
  return v.order;
}

int slot_of(const std::vector<int>& order, std::int64_t axis) {
  const auto at = std::find(order.begin(), order.end(), static_cast<int>(axis)) - order.begin();
  return 4 - static_cast<int>(order.size()) + static_cast<int>(at);
}

Values concat_rule(NodeContext& c) {
  if (c.inputs.empty()) c.refuse("has no inputs");
  Values parts;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) parts.push_back(c.builder.settled(c.in(i)));
  const int rank = parts[0].rank();
  const std::int64_t axis = c.axis(c.integer("axis", 0), rank);
  if (std::all_of(parts.begin(), parts.end(), [](const Value& v) { return v.is_integer(); })) {
    if (rank != 1) c.refuse("joins integers of more than one dimension");
    Constant all;
    all.real = false;
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (const std::int64_t v : c.integers_in(i)) all.integers.push_back(v);
    all.dims = {static_cast<std::int64_t>(all.integers.size())};
    c.builder.spend(all.dims[0]);
    return {Builder::of(std::move(all))};
  }
  const auto lead = std::find_if(parts.begin(), parts.end(), [](const Value& v) { return !v.constant; });
  const std::vector<int> order = joined_order(c, lead == parts.end() ? parts[0] : *lead);
  Step step;
  step.kind = Kind::concat;
  step.axis = slot_of(order, axis);
  Dims dims = parts[0].dims;
  dims[static_cast<std::size_t>(axis)] = 0;
  for (const Value& part : parts) {
    Dims same = part.dims;
    if (part.rank() == rank) same[static_cast<std::size_t>(axis)] = dims[static_cast<std::size_t>(axis)];
    if (same != dims) c.refuse("joins " + text_of(part.dims) + " to " + text_of(parts[0].dims));
    dims[static_cast<std::size_t>(axis)] += part.dims[static_cast<std::size_t>(axis)];
    if (count_of(part.dims) > 0) step.inputs.push_back(c.builder.arranged(part, order));
  }
  if (step.inputs.empty()) c.refuse("joins nothing");
  step.shape = shape_of(dims, order);
  return {
      Builder::of(step.inputs.size() == 1 ? step.inputs[0] : c.builder.emit(std::move(step)), dims, order)};
}

// Elements [begin, begin + size) of each axis.
Value cut(NodeContext& c, const Value& given, const Dims& begin, const Dims& size) {
  const Value x = c.builder.settled(given);
  if (size == x.dims) return x;
  const std::vector<int> order = joined_order(c, x);
  Step step;
  step.kind = Kind::slice;
  step.shape = shape_of(size, order);
  for (int a = 0; a < x.rank(); ++a) step.at[slot_of(order, a)] = begin[static_cast<std::size_t>(a)];
  step.inputs = {c.builder.arranged(x, order)};
  return Builder::of(c.builder.emit(std::move(step)), size, order);
}

// Elements in any order, by a table: positions along each axis.
Value picked(NodeContext& c, const Value& given, const std::vector<std::vector<std::int64_t>>& positions) {
  const Value x = c.builder.settled(given);
  Dims dims;
  for (const auto& axis : positions) dims.push_back(static_cast<std::int64_t>(axis.size()));
  const std::vector<std::int64_t> strides = memory_strides(x.dims, x.order);
  const std::vector<std::int64_t> to = memory_strides(dims, x.order);
  c.builder.spend(count_of(dims));
  std::vector<std::uint32_t> map(static_cast<std::size_t>(count_of(dims)));
  for_each(dims, [&](const Dims& at, std::int64_t) {
    std::int64_t from = 0, place = 0;
    for (std::size_t a = 0; a < at.size(); ++a) {
      from += positions[a][static_cast<std::size_t>(at[a])] * strides[a];
      place += at[a] * to[a];
    }
    map[static_cast<std::size_t>(place)] = static_cast<std::uint32_t>(from);
  });
  if (x.constant) {
    Constant result;
    result.real = x.constant->real;
    for (const std::uint32_t from : map)
      if (result.real)
        result.reals.push_back(x.constant->reals.at(from));
      else
        result.integers.push_back(x.constant->integers.at(from));
    result.dims.clear();
    for (const int axis : x.order) result.dims.push_back(dims[static_cast<std::size_t>(axis)]);
    Value v = Builder::of(std::move(result));
    v.dims = dims;
    v.order = x.order;
    return v;
  }
  Step step;
  step.kind = Kind::remap;
  step.inputs = {x.step};
  step.shape = x.rank() <= 4 ? shape_of(dims, x.order) : Shape::vector(count_of(dims));
  step.source = std::make_shared<const std::vector<std::uint32_t>>(std::move(map));
  return Builder::of(c.builder.emit(std::move(step)), dims, x.order);
}

std::vector<std::int64_t> all_positions(NodeContext& c, std::int64_t size) {
  c.builder.spend(size);
  std::vector<std::int64_t> all(static_cast<std::size_t>(size));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Positions start, start + step, ... of an axis, as numpy's slices.
std::vector<std::int64_t> slice_positions(std::int64_t start, std::int64_t end, std::int64_t step,
                                          std::int64_t size) {
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto within = [&](std::int64_t at) { return std::clamp(at < 0 ? at + size : at, low, high); };
  std::vector<std::int64_t> positions;
  const std::int64_t first = start < -size && step < 0 ? -1 : within(start),
                     last = end < -size ? low : within(end);
  for (std::int64_t at = first; step > 0 ? at < last : at > last; at += step) positions.push_back(at);
  return positions;
}

Values slice_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::vector<std::int64_t> starts = c.list("starts", 1), ends = c.list("ends", 2);
  std::vector<std::int64_t> axes = c.list("axes", 3);
  const std::vector<std::int64_t> steps =
      c.has(4) ? c.integers_in(4) : std::vector<std::int64_t>(starts.size(), 1);
  if (axes.empty()) axes = all_positions(c, static_cast<std::int64_t>(starts.size()));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    c.refuse("has starts, ends, axes and steps of different lengths");
  std::vector<std::vector<std::int64_t>> positions;
  for (const std::int64_t d : x.dims) positions.push_back(all_positions(c, d));
  bool contiguous = true;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto a = static_cast<std::size_t>(c.axis(axes[i], x.rank()));
    constexpr std::int64_t kFar = std::int64_t{1} << 40;
    if (steps[i] == 0) c.refuse("has a step of 0");
    positions[a] = slice_positions(std::clamp(starts[i], -kFar, kFar), std::clamp(ends[i], -kFar, kFar),
                                   std::clamp(steps[i], -kFar, kFar), x.dims[a]);
    contiguous = contiguous && steps[i] == 1;
  }
  Dims begin, size;
  for (const auto& axis : positions) {
    begin.push_back(axis.empty() ? 0 : axis[0]);
    size.push_back(static_cast<std::int64_t>(axis.size()));
  }
  if (!x.constant && count_of(size) == 0) c.refuse("cuts nothing out of " + text_of(x.dims));
  if (!x.constant && contiguous && x.rank() <= 4) return {cut(c, x, begin, size)};
  return {picked(c, x, positions)};
}

Values gather_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::int64_t axis = c.axis(c.integer("axis", 0), x.rank());
  const auto a = static_cast<std::size_t>(axis);
  std::vector<std::vector<std::int64_t>> positions;
  for (const std::int64_t d : x.dims) positions.push_back(all_positions(c, d));
  positions[a].clear();
  for (const std::int64_t i : c.integers_in(1))
    positions[a].push_back(c.axis(i, static_cast<int>(x.dims[a])));
  Dims to(x.dims.begin(), x.dims.begin() + axis);
  to.insert(to.end(), c.in(1).dims.begin(), c.in(1).dims.end());
  to.insert(to.end(), x.dims.begin() + axis + 1, x.dims.end());
  return {with_dims(c, picked(c, x, positions), to)};
}

Values split_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::int64_t axis = c.axis(c.integer("axis", 0), x.rank());
  const auto a = static_cast<std::size_t>(axis);
  std::vector<std::int64_t> sizes = c.list("split", 1);
  const auto parts = static_cast<std::int64_t>(c.node.outputs.size());
  if (parts < 1) c.refuse("has no outputs");
  if (sizes.empty()) {
    const std::int64_t each = (x.dims[a] + parts - 1) / parts;
    for (std::int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<std::int64_t>(x.dims[a] - i * each, 0, each));
  }
  Values result;
  Dims begin(x.dims.size(), 0), size = x.dims;
  for (const std::int64_t s : sizes) {
    if (s <= 0 || s > x.dims[a] - begin[a]) c.refuse("has parts that do not fit " + text_of(x.dims));
    size[a] = s;
    result.push_back(cut(c, x, begin, size));
    begin[a] += s;
  }
  return result;
}

// The numpy rule: sizes of 1 are repeated.
Dims broadcast_dims(NodeContext& c, Dims a, Dims b) {
  if (a.size() < b.size()) a.swap(b);
  b.insert(b.begin(), a.size() - b.size(), 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1) c.refuse(text_of(a) + " and " + text_of(b) + " do not fit");
    if (a[i] == 1) a[i] = b[i];
  }
  return a;
}

Values expand_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::vector<std::int64_t> shape = c.integers_in(1);
  if (shape.size() > kMostRank) c.refuse("makes too many dimensions");
  const Dims to = broadcast_dims(c, x.dims, shape);
  (void)count_of(to);
  if (to == x.dims) return {x};
  Dims padded = x.dims;
  padded.insert(padded.begin(), to.size() - padded.size(), 1);
  const Value v = with_dims(c, c.builder.settled(x), padded);
  if (v.is_integer() || v.rank() > 4) {
    std::vector<std::vector<std::int64_t>> positions;
    for (std::size_t a = 0; a < to.size(); ++a) positions.push_back(all_positions(c, to[a]));
    for (std::size_t a = 0; a < to.size(); ++a)
      if (v.dims[a] != to[a]) std::fill(positions[a].begin(), positions[a].end(), 0);
    return {picked(c, v, positions)};
  }
  Step step;
  step.kind = Kind::spread;
  step.inputs = {c.builder.arranged(v, v.order)};
  step.shape = shape_of(to, v.order);
  return {Builder::of(c.builder.emit(std::move(step)), to, v.order)};
}

Values tile_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::vector<std::int64_t> repeats = c.integers_in(1);
  if (repeats.size() != x.dims.size()) c.refuse("repeats another number of axes");
  std::vector<std::vector<std::int64_t>> positions;
  Dims to;
  for (std::size_t a = 0; a < repeats.size(); ++a) {
    if (repeats[a] < 0 || repeats[a] > (1 << 20)) c.refuse("repeats too often");
    to.push_back(x.dims[a] * repeats[a]);
    (void)count_of(to);
    positions.push_back(all_positions(c, to[a]));
    for (std::int64_t& at : positions[a]) at %= x.dims[a];
  }
  return {picked(c, x, positions)};
}

}  // namespace

void add_layout_rules(Rules& rules) {
  rules.insert({{"Reshape", reshape_rule},
                {"Transpose", transpose_rule},
                {"Squeeze", squeeze_rule},
                {"Unsqueeze", unsqueeze_rule},
                {"Flatten", flatten_rule},
                {"Identity", identity_rule},
                {"Concat", concat_rule},
                {"Slice", slice_rule},
                {"Gather", gather_rule},
                {"Split", split_rule},
                {"Expand", expand_rule},
                {"Tile", tile_rule}});
}

}  // namespace sumi::graph
