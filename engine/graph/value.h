// Values during lowering. A tensor's memory has an order of axes of its own, so transposes and most
// reshapes move nothing: they change the description only.
#pragma once

#include <optional>
#include <vector>

#include "engine/graph/graph.h"

namespace sumi::graph {

struct Value {
  ConstantPtr constant;  // known on the host; otherwise `step` computes it
  int step = -1;
  Dims dims;               // logical
  std::vector<int> order;  // logical axes as they lie in memory, the outermost first
  // Set for a reshape that memory cannot express: `dims` is then the row-major reinterpretation of
  // these dimensions in this order. Undone by a reshape back to them.
  std::optional<Dims> base_dims;
  std::vector<int> base_order;

  int rank() const { return static_cast<int>(dims.size()); }
  bool is_integer() const { return constant && !constant->real; }
};

std::vector<int> row_major(int rank);
// Logical axes of sizes other than 1, as they lie in memory.
std::vector<int> memory_axes(const Dims& dims, const std::vector<int>& order);
// The order of the new dimensions after a row-major reshape, if no element has to move.
std::optional<std::vector<int>> reshaped_order(const Dims& dims, const std::vector<int>& order,
                                               const Dims& to);
// For each element in the memory order `to`, its position in the memory order `from`.
std::vector<std::uint32_t> reorder_map(const Dims& dims, const std::vector<int>& from,
                                       const std::vector<int>& to);
// Offset of a logical index in memory of the given order.
std::vector<std::int64_t> memory_strides(const Dims& dims, const std::vector<int>& order);
// Calls f for each logical index in row-major order of `dims`.
template <class F>
void for_each(const Dims& dims, F&& f) {
  const std::int64_t count = count_of(dims);
  Dims at(dims.size(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    f(static_cast<const Dims&>(at), i);
    for (int a = static_cast<int>(dims.size()) - 1; a >= 0; --a) {
      if (++at[a] < dims[a]) break;
      at[a] = 0;
    }
  }
}

}  // namespace sumi::graph
