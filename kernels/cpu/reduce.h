// Sums in a fixed order: chunks determined by the shape alone, f32 inside short runs, double
// between them.
#pragma once

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

constexpr i64 lane_width = 64;  // columns summed side by side
constexpr i64 lane_rows = 64;   // rows that one f32 partial sum covers

// into[c] += the sum over rows of value(begin + row * cols + c), for cols columns. value is called
// once per element, and may store something for it elsewhere.
template <class Value>
inline void add_columns(i64 begin, i64 rows, i64 cols, const Value& value_at, double* into) {
  const Value value = value_at;  // a copy, so that captured values are known not to change
  for (i64 c0 = 0; c0 < cols; c0 += lane_width) {
    const i64 width = std::min(lane_width, cols - c0);
    for (i64 r0 = 0; r0 < rows; r0 += lane_rows) {
      const i64 r1 = std::min(r0 + lane_rows, rows);
      float sum[lane_width] = {};
      if (width == lane_width) {
        for (i64 r = r0; r < r1; ++r)
          for (i64 c = 0; c < lane_width; ++c) sum[c] += value(begin + r * cols + c0 + c);
      } else {
        for (i64 r = r0; r < r1; ++r)
          for (i64 c = 0; c < width; ++c) sum[c] += value(begin + r * cols + c0 + c);
      }
      for (i64 c = 0; c < width; ++c) into[c0 + c] += sum[c];
    }
  }
}

// The same for any number of columns: few columns are summed in several rows side by side and
// folded at the end.
template <class Value>
inline void sum_columns(i64 begin, i64 rows, i64 cols, const Value& value, double* into) {
  const i64 side = cols < 32 ? lane_width / cols : 1;
  if (side < 2 || rows < 2 * side) return add_columns(begin, rows, cols, value, into);
  double wide[lane_width] = {};
  const i64 whole = rows / side;
  add_columns(begin, whole, side * cols, value, wide);
  for (i64 i = 0; i < side; ++i)
    for (i64 c = 0; c < cols; ++c) into[c] += wide[i * cols + c];
  add_columns(begin + whole * side * cols, rows - whole * side, cols, value, into);
}

// The partition of a reduction of [outer, rows, cols] over rows, determined by the shape alone.
struct Chunks {
  i64 outer, rows, cols, per_chunk, count;  // rows per chunk, chunks per outer index

  Chunks(i64 outer_size, i64 row_count, i64 col_count) : outer(outer_size), rows(row_count), cols(col_count) {
    per_chunk = std::max<i64>({ceil_div(8192, cols), ceil_div(rows, 128), 1});
    count = std::max<i64>(ceil_div(rows, per_chunk), 1);
  }
};

// Calls partial(o, chunk, first row, end row) for every chunk, in parallel.
template <class Partial>
void for_chunks(const Chunks& k, const Partial& partial) {
  for_range(k.outer * k.count, std::min(k.per_chunk, k.rows) * k.cols, [&](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) {
      const i64 chunk = i % k.count, first = chunk * k.per_chunk;
      partial(i / k.count, chunk, first, std::min(first + k.per_chunk, k.rows));
    }
  });
}

// The sums over rows of value(index), as double [outer, cols], in `w`, which must be otherwise
// unused.
template <class Value>
const double* sum_rows(Workspace& w, i64 outer, i64 rows, i64 cols, const Value& value) {
  const Chunks k(outer, rows, cols);
  const auto parts = w.add<double>(outer * k.count * cols), totals = w.add<double>(outer * cols);
  w.allocate();
  double* const part = w.at<double>(parts);
  double* const total = w.at<double>(totals);
  for_chunks(k, [&](i64 o, i64 chunk, i64 first, i64 end) {
    double* into = part + (o * k.count + chunk) * cols;
    std::fill(into, into + cols, 0.0);
    sum_columns((o * rows + first) * cols, end - first, cols, value, into);
  });
  for (i64 o = 0; o < outer; ++o) {
    double* sum = total + o * cols;
    std::fill(sum, sum + cols, 0.0);
    for (i64 chunk = 0; chunk < k.count; ++chunk) {
      const double* from = part + (o * k.count + chunk) * cols;
      for (i64 c = 0; c < cols; ++c) sum[c] += from[c];
    }
  }
  return total;
}

// The sum of value(i) over [0, count).
template <class Value>
double sum_all(const Exec& e, i64 count, const Value& value) {
  Workspace w(e);
  return *sum_rows(w, 1, count, 1, value);
}

}  // namespace sumi::kernels::cpu
