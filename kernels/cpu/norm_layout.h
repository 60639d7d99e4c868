// Shared parts of both norm passes: the view of x, its partition into pieces, and access to
// statistics and parameters.
#pragma once

#include <vector>

#include "kernels/cpu/reduce.h"
#include "kernels/norm.h"

namespace sumi::kernels::cpu {

// x viewed as [outer, rows, c]: the sums that a statistic is joined from.
struct NormLayout {
  i64 outer, rows, c, per_group, groups;

  explicit NormLayout(const NormGeom& g)
      : outer(g.is_batch() ? 1 : g.x.n),
        rows(g.is_batch() ? g.x.n * g.x.h * g.x.w : g.x.h * g.x.w),
        c(g.x.c),
        per_group(g.is_batch() ? 1 : g.x.c / g.groups),
        groups(g.is_batch() ? g.x.c : g.groups) {}
};

// columns per piece: usually whole rows, because sequential reads are fast
constexpr i64 norm_width = 512;

// Pieces of x: chunks of rows by groups of norm_width columns. Chunks are not shorter than
// lane_rows, since joining two costs as much as several rows.
struct NormPieces {
  i64 outer, rows, c, per_chunk, chunks, strips;

  explicit NormPieces(const NormLayout& l)
      : outer(l.outer),
        rows(l.rows),
        c(l.c),
        per_chunk(std::max(
            {lane_rows, ceil_div(8192, l.c), ceil_div(ceil_div(l.rows, 128), lane_rows) * lane_rows})),
        chunks(std::max<i64>(ceil_div(l.rows, per_chunk), 1)),
        strips(ceil_div(l.c, norm_width)) {}
  i64 parts() const { return outer * chunks * c; }  // one per chunk and column
  i64 part(i64 o, i64 chunk) const { return (o * chunks + chunk) * c; }
  i64 rows_of(i64 chunk) const { return std::min(per_chunk, rows - chunk * per_chunk); }

  // Calls body(o, chunk, first column, columns), in parallel.
  template <class Body>
  void each(const Body& body) const {
    for_range(outer * chunks * strips, std::min(per_chunk, rows) * std::min(norm_width, c),
              [&](i64 begin, i64 end) {
                for (i64 i = begin; i < end; ++i) {
                  const i64 c0 = i % strips * norm_width, at = i / strips;
                  body(at / chunks, at % chunks, c0, std::min(norm_width, c - c0));
                }
              });
  }
  // Calls body(o, first column, columns), in parallel: for joining the chunks.
  template <class Body>
  void each_column(const Body& body) const {
    for_range(outer * strips, chunks * std::min(norm_width, c), [&](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) {
        const i64 c0 = i % strips * norm_width;
        body(i / strips, c0, std::min(norm_width, c - c0));
      }
    });
  }
};

// A parameter vector or statistic as f32, whatever its type; filled with `otherwise` if absent.
inline std::vector<float> read_norm(const char* where, View v, i64 count, float otherwise) {
  std::vector<float> all(static_cast<std::size_t>(count), otherwise);
  if (v) load_f32(where, v, all.data());
  return all;
}

inline void write_norm(const char* where, const std::vector<double>& values, MutView y, Write mode) {
  std::vector<float> all = mode == Write::accumulate ? read_norm(where, y, y.count(), 0.0F)
                                                     : std::vector<float>(values.size(), 0.0F);
  for (std::size_t i = 0; i < values.size(); ++i) all[i] = static_cast<float>(all[i] + values[i]);
  store_f32(where, all.data(), y);
}

}  // namespace sumi::kernels::cpu
