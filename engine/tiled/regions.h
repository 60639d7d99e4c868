// Rectangles of values, and the part of an op's input that a part of its result depends on.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/tiled/program.h"

namespace sumi {

// Pixels [begin, end) of a side.
struct Span {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
  bool operator==(const Span&) const = default;
};

struct Region {
  Span rows, columns;
  bool empty() const { return rows.size() <= 0 || columns.size() <= 0; }
  std::int64_t pixels() const { return empty() ? 0 : rows.size() * columns.size(); }
  bool operator==(const Region&) const = default;
};

Region whole_region(const Shape& s);
// The smallest region that holds both.
Region join(const Region& a, const Region& b);
// Part `index` of `count` equal parts of a side; parts may be empty if the side is shorter.
Span part_of(std::int64_t side, std::int64_t index, std::int64_t count);

// Pixels `region` of a value: data [1, rows, columns, c].
struct Tile {
  Tensor data;
  Region region;
};

// The part of each input, of shape `in`, that region `out` of the op's result depends on.
Region source_region(const ProgramOp& op, const Region& out, const Shape& in);
// Multiply-adds for region `out` of the result.
std::int64_t region_macs(const ProgramOp& op, const Region& out, const Shape& in);
// Computes region `out` of the op's result. Each tile holds at least source_region(). For norms
// with the statistics of their input, `fixed` holds these.
Tensor run_region(const ProgramOp& op, const std::vector<Tile>& inputs, const Region& out, const Shape& in,
                  const RunningStats& fixed);
// The region's pixels of a tile that holds them; the tile's tensor itself if it has no others.
Tensor crop_tile(const Tile& tile, const Region& region);

}  // namespace sumi
