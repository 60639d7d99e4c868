// Sums of any function of an element over the rows of [outer, rows, cols], in two kernels: partial
// sums of chunks in f32, then their sum in double (device/columns.cuh assigns the work).
#pragma once

#include "kernels/base/launch.h"
#include "kernels/cuda/device/columns.cuh"

namespace sumi::kernels::cuda {

// value(i), i in [0, outer rows cols), returns a float.
template <class Value>
__global__ void sum_slices(RowChunks k, Value value, float* partial) {
  const Slice s(k);
  float sum = 0;
  for_each_row(k, s, [&](std::int64_t i) { sum += value(i); });
  sum = column_sum(sum, k.lanes);
  if (s.writes) partial[s.partial] = sum;
}

// y[outer, cols] (+)= scale * (sum of the partial sums).
template <class T>
__global__ void join_sums(RowChunks k, const float* partial, double scale, T* y, bool add) {
  const Slice s(k);
  double sum = 0;
  for_each_row(k, s, [&](std::int64_t i) { sum += static_cast<double>(partial[i]); });
  sum = scale * column_sum(sum, k.lanes);
  if (s.writes) y[s.partial] = T(add ? static_cast<double>(y[s.partial]) + sum : sum);
}

// Runs both kernels. `partial` has room for k.partials() values.
template <class Value, class T>
void sum_rows(const Exec& e, const RowChunks& k, const Value& value, float* partial, double scale, T* y,
              bool add) {
  launch(e, "sum_slices", sum_slices<Value>, {k.grid(), kColumnBlock}, k, value, partial);
  const RowChunks chunks = RowChunks::of_chunks(k);
  launch(e, "join_sums", join_sums<T>, {chunks.grid(), kColumnBlock}, chunks, partial, scale, y, add);
}
template <class Value, class T>
void sum_rows(const Exec& e, const RowChunks& k, const Value& value, double scale, T* y, bool add) {
  const std::size_t bytes = static_cast<std::size_t>(k.partials()) * sizeof(float);
  sum_rows(e, k, value, static_cast<float*>(e.scratch->get(bytes)), scale, y, add);
}

}  // namespace sumi::kernels::cuda
