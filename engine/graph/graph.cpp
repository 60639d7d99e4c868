#include "engine/graph/graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "engine/error.h"

namespace sumi::graph {

std::int64_t count_of(const Dims& dims) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t d : dims) {
    if (d < 0 || d > kMost) fail("graph", "a tensor has the size " + text_of(dims));
    empty = empty || d == 0;
    count *= d > 0 ? d : 1;  // sizes beside a 0 are multiplied elsewhere
    if (count > kMost) fail("graph", "a tensor of " + text_of(dims) + " has more than 2^31 elements");
  }
  return empty ? 0 : count;
}

std::string text_of(const Dims& dims) {
  return dims.empty() ? "scalar" : fmt::format("{}", fmt::join(dims, "x"));
}

double Constant::at(std::int64_t i) const {
  const auto k = static_cast<std::size_t>(i);
  return real ? double(reals.at(k)) : double(integers.at(k));
}

Constant Constant::of_integers(std::vector<std::int64_t> values, Dims dims) {
  Constant c;
  c.dims = std::move(dims);
  c.real = false;
  c.integers = std::move(values);
  return c;
}

Constant Constant::of_reals(std::vector<float> values, Dims dims) {
  Constant c;
  c.dims = std::move(dims);
  c.reals = std::move(values);
  return c;
}

std::int64_t Graph::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, value] : initializers)
    if (value->real) count += value->count();
  return count;
}

std::map<std::string, int> Graph::op_counts() const {
  std::map<std::string, int> counts;
  for (const Node& node : nodes) ++counts[node.op];
  return counts;
}

}  // namespace sumi::graph
