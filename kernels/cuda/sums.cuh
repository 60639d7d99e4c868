// Sums of any function of an element over the rows of [outer, rows, cols]: partial sums of chunks
// in f32, then their sum in double, by the block that finishes last (device/columns.cuh assigns the
// work).
#pragma once

#include "kernels/base/launch.h"
#include "kernels/cuda/device/columns.cuh"
#include "kernels/cuda/device/last_block.cuh"

namespace sumi::kernels::cuda {

// value(i), i in [0, outer rows cols), returns a float. y[outer, cols] (+)= scale * (sum of the
// values).
template <class Value, class T>
__global__ void sum_slices(RowChunks k, Value value, float* partial, double scale, T* y, bool add) {
  const Slice s(k);
  float part = 0;
  for_each_row(k, s, [&](std::int64_t i) { part += value(i); });
  part = column_sum(part, k.lanes);
  if (s.writes) partial[s.partial] = part;
  const std::int64_t tile = s.outer * k.tiles + k.tile();
  if (!is_last_block(tile, static_cast<unsigned>(k.chunks))) return;
  double sum = 0;
  if (s.inside)
    for (std::int64_t chunk = k.level(); chunk < k.chunks; chunk += k.depth())
      sum += static_cast<double>(partial[(s.outer * k.chunks + chunk) * k.cols + s.col]);
  sum = scale * column_sum(sum, k.lanes);
  T& to = y[s.outer * k.cols + s.col];
  if (s.writes) to = T(add ? static_cast<double>(to) + sum : sum);
}

// `partial` has room for k.partials() values.
template <class Value, class T>
void sum_rows(const Exec& e, const RowChunks& k, const Value& value, float* partial, double scale, T* y,
              bool add) {
  launch(e, "sum_slices", sum_slices<Value, T>, {k.grid(), kColumnBlock}, k, value, partial, scale, y, add);
}
template <class Value, class T>
void sum_rows(const Exec& e, const RowChunks& k, const Value& value, double scale, T* y, bool add) {
  const std::size_t bytes = static_cast<std::size_t>(k.partials()) * sizeof(float);
  sum_rows(e, k, value, static_cast<float*>(e.scratch->get(bytes)), scale, y, add);
}

}  // namespace sumi::kernels::cuda
