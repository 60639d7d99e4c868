// The passes over an image in which a program runs in tiles. A norm needs the statistics of its
// whole input, so each such input is the target of a pass of its own: the pass computes it tile by
// tile, takes its statistics and stores it. The next pass normalizes the stored value and goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/tiled/program.h"
#include "engine/tiled/regions.h"

namespace sumi {

struct Pass {
  std::size_t target = 0;           // value, computed in full
  std::size_t norm = 0;             // op that takes its statistics; of the last pass: no op
  std::vector<std::size_t> ops;     // in order of computation
  std::vector<std::size_t> reads;   // stored values, and 0 for the input
  std::vector<std::size_t> writes;  // stored values that this pass computes
  std::vector<std::size_t> drops;   // stored values that no later pass reads
};

// Tiles of a pass: equal parts of each side of every value.
struct TileGrid {
  std::int64_t rows = 1, columns = 1;
};

struct PassPlan {
  Program program;
  std::vector<Shape> shapes;  // of the values
  std::vector<DType> dtypes;  // of the values
  std::vector<Pass> passes;

  // Bytes of all of a value.
  std::uint64_t bytes(std::size_t value) const;
  // The most that stored values take at one time.
  std::uint64_t peak_stored_bytes() const;
  // The sum of what the passes read and write.
  std::uint64_t moved_bytes() const;
};

// A plan for an input of shape x and of `dtype`. Stored values that one cheap convolution
// recomputes are recomputed instead, as long as that takes less storage and the additional
// multiply-adds stay below a tenth of all.
PassPlan plan_passes(Program program, const Shape& x, DType dtype);

// Multiply-adds of a pass over the whole image at once.
double pass_macs(const PassPlan& plan, const Pass& pass);

// Regions of one tile: for each value the part that the pass computes or reads; empty: none.
std::vector<Region> tile_regions(const PassPlan& plan, const Pass& pass, const TileGrid& grid,
                                 std::int64_t row, std::int64_t column);
// The part of a value that is a tile's own, without the surroundings that other values need.
Region own_region(const PassPlan& plan, std::size_t value, const TileGrid& grid, std::int64_t row,
                  std::int64_t column);
// For each op of the pass, the values that no later op of the pass needs.
std::vector<std::vector<std::size_t>> last_uses(const PassPlan& plan, const Pass& pass);

struct TileCost {
  std::uint64_t memory = 0;  // bytes that the largest tile takes, kernels' buffers included
  double macs = 0;           // of all tiles of all passes
};
TileCost tile_cost(const PassPlan& plan, const TileGrid& grid);

}  // namespace sumi
