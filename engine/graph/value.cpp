#include "engine/graph/value.h"

#include <algorithm>
#include <numeric>

namespace sumi::graph {

std::vector<int> row_major(int rank) {
  std::vector<int> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<int> memory_axes(const Dims& dims, const std::vector<int>& order) {
  std::vector<int> axes;
  for (const int axis : order)
    if (dims[axis] != 1) axes.push_back(axis);
  return axes;
}

namespace {

// Old axes [first, last) have the same elements as new axes [to_first, to_last).
struct Group {
  int first, last, to_first, to_last;
};

std::vector<Group> reshape_groups(const Dims& dims, const Dims& to) {
  std::vector<Group> groups;
  const int n = static_cast<int>(dims.size()), m = static_cast<int>(to.size());
  int i = 0, j = 0;
  while (i < n || j < m) {
    Group g{i, i, j, j};
    std::int64_t a = 1, b = 1;
    if (i < n) a = dims[i++];
    if (j < m) b = to[j++];
    while (a != b) {
      if (a < b && i < n)
        a *= dims[i++];
      else if (b < a && j < m)
        b *= to[j++];
      else
        break;  // an axis of size 1 is left over on one side
    }
    g.last = i;
    g.to_last = j;
    groups.push_back(g);
  }
  return groups;
}

}  // namespace

std::optional<std::vector<int>> reshaped_order(const Dims& dims, const std::vector<int>& order,
                                               const Dims& to) {
  const std::vector<int> axes = memory_axes(dims, order);
  std::vector<int> result;
  std::vector<bool> placed(to.size(), false);
  const std::vector<Group> groups = reshape_groups(dims, to);
  for (std::size_t i = 0; i < axes.size();) {
    const auto group = std::find_if(groups.begin(), groups.end(),
                                    [&](const Group& g) { return axes[i] >= g.first && axes[i] < g.last; });
    // Its axes must lie together, in logical order.
    std::vector<int> expected;
    for (int a = group->first; a < group->last; ++a)
      if (dims[a] != 1) expected.push_back(a);
    if (i + expected.size() > axes.size() || !std::equal(expected.begin(), expected.end(), axes.begin() + i))
      return std::nullopt;
    i += expected.size();
    for (int a = group->to_first; a < group->to_last; ++a)
      if (to[a] != 1) {
        result.push_back(a);
        placed[a] = true;
      }
  }
  // Axes of size 1 lie anywhere.
  std::vector<int> all;
  for (int a = 0; a < static_cast<int>(to.size()); ++a)
    if (!placed[a]) all.push_back(a);
  all.insert(all.end(), result.begin(), result.end());
  return all;
}

std::vector<std::int64_t> memory_strides(const Dims& dims, const std::vector<int>& order) {
  std::vector<std::int64_t> strides(dims.size(), 0);
  std::int64_t stride = 1;
  for (auto axis = order.rbegin(); axis != order.rend(); ++axis) {
    strides[*axis] = stride;
    stride *= dims[*axis];
  }
  return strides;
}

std::vector<std::uint32_t> reorder_map(const Dims& dims, const std::vector<int>& from,
                                       const std::vector<int>& to) {
  const std::vector<std::int64_t> strides = memory_strides(dims, from);
  Dims turned;
  std::vector<std::int64_t> step;
  for (const int axis : to) {
    turned.push_back(dims[axis]);
    step.push_back(strides[axis]);
  }
  std::vector<std::uint32_t> map(static_cast<std::size_t>(count_of(dims)));
  for_each(turned, [&](const Dims& at, std::int64_t i) {
    std::int64_t source = 0;
    for (std::size_t a = 0; a < at.size(); ++a) source += at[a] * step[a];
    map[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(source);
  });
  return map;
}

}  // namespace sumi::graph
