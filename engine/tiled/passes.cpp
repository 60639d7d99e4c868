#include "engine/tiled/passes.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sumi {
namespace {

constexpr double kMostRecomputed = 0.1;  // of all multiply-adds

// Targets in order: inputs of norms that take statistics, then the result.
std::vector<Pass> empty_passes(const Program& program) {
  std::vector<Pass> passes;
  for (std::size_t i = 0; i < program.ops.size(); ++i)
    if (program.ops[i].takes_statistics()) {
      passes.emplace_back();
      passes.back().target = program.ops[i].inputs[0];
      passes.back().norm = i;
    }
  passes.emplace_back();
  passes.back().target = program.result;
  passes.back().norm = program.ops.size();
  return passes;
}

// Adds `value` and everything that it is computed from, back to the input and to values in `stop`,
// which are added to `reached`.
void walk_back(const Program& program, std::size_t value, const std::set<std::size_t>& stop,
               std::set<std::size_t>& computed, std::set<std::size_t>& reached) {
  if (value == 0 || stop.count(value) > 0) {
    reached.insert(value);
    return;
  }
  if (!computed.insert(value).second) return;
  for (const std::size_t input : program.maker(value).inputs)
    walk_back(program, input, stop, computed, reached);
}

// Values that a pass computes and a later one needs.
std::set<std::size_t> crossing_values(const Program& program, const std::vector<Pass>& passes) {
  std::vector<std::size_t> first(program.ops.size() + 1, passes.size());
  first[0] = 0;
  for (std::size_t p = 0; p < passes.size(); ++p) {
    std::set<std::size_t> computed, reached;
    walk_back(program, passes[p].target, {}, computed, reached);
    for (const std::size_t value : computed) first[value] = std::min(first[value], p);
  }
  std::set<std::size_t> crossing;
  for (std::size_t i = 0; i < program.ops.size(); ++i)
    for (const std::size_t input : program.ops[i].inputs)
      if (first[i + 1] < passes.size() && input != 0 && first[input] < first[i + 1]) crossing.insert(input);
  return crossing;
}

// Fills in what the passes compute, read, write and drop if `stored` values are stored.
void fill_passes(const Program& program, std::set<std::size_t> stored, std::vector<Pass>& passes) {
  std::set<std::size_t> written;
  std::vector<std::size_t> last_read(program.ops.size() + 1, 0);
  for (std::size_t p = 0; p < passes.size(); ++p) {
    Pass& pass = passes[p];
    std::set<std::size_t> computed, reached;
    std::set<std::size_t> stop = written;
    stop.erase(pass.target);
    walk_back(program, pass.target, stop, computed, reached);
    pass.ops.clear();
    pass.writes.clear();
    for (const std::size_t value : computed) {  // ascending: operands come before their op
      pass.ops.push_back(value - 1);
      if (stored.count(value) > 0) pass.writes.push_back(value);
    }
    pass.reads.assign(reached.begin(), reached.end());
    for (const std::size_t value : pass.writes) {
      written.insert(value);
      last_read[value] = p;
    }
    for (const std::size_t value : pass.reads) last_read[value] = p;
  }
  for (std::size_t p = 0; p < passes.size(); ++p) {
    passes[p].drops.clear();
    for (const std::size_t value : written)
      if (last_read[value] == p) passes[p].drops.push_back(value);
  }
}

double whole_macs(const PassPlan& plan) {
  double macs = 0;
  for (const Pass& pass : plan.passes) macs += pass_macs(plan, pass);
  return macs;
}

// Parts of a side that differ in their surroundings: the first, an inner one and the last, each
// with the number of parts like it.
std::vector<std::pair<std::int64_t, double>> sample_parts(std::int64_t count) {
  if (count < 3) {
    std::vector<std::pair<std::int64_t, double>> all;
    for (std::int64_t i = 0; i < count; ++i) all.emplace_back(i, 1);
    return all;
  }
  return {{0, 1}, {count / 2, static_cast<double>(count - 2)}, {count - 1, 1}};
}

std::uint64_t region_bytes(const PassPlan& plan, std::size_t value, const Region& region) {
  return static_cast<std::uint64_t>(region.pixels() * plan.shapes[value].c) * size_of(plan.dtypes[value]);
}

}  // namespace

double pass_macs(const PassPlan& plan, const Pass& pass) {
  double macs = 0;
  for (const std::size_t i : pass.ops) {
    const ProgramOp& op = plan.program.ops[i];
    macs += static_cast<double>(region_macs(op, whole_region(plan.shapes[i + 1]), plan.shapes[op.inputs[0]]));
  }
  return macs;
}

std::uint64_t PassPlan::bytes(std::size_t value) const {
  return region_bytes(*this, value, whole_region(shapes[value]));
}

std::uint64_t PassPlan::peak_stored_bytes() const {
  std::uint64_t now = 0, peak = 0;
  for (const Pass& pass : passes) {
    for (const std::size_t value : pass.writes) now += bytes(value);
    peak = std::max(peak, now);
    for (const std::size_t value : pass.drops) now -= bytes(value);
  }
  return peak;
}

std::uint64_t PassPlan::moved_bytes() const {
  std::uint64_t moved = 0;
  for (const Pass& pass : passes) {
    for (const std::size_t value : pass.writes) moved += bytes(value);
    for (const std::size_t value : pass.reads)
      if (value != 0) moved += bytes(value);
  }
  return moved;
}

PassPlan plan_passes(Program program, const Shape& x, DType dtype) {
  PassPlan plan;
  plan.shapes = program.shapes(x);
  plan.passes = empty_passes(program);
  plan.dtypes = {dtype};
  for (const ProgramOp& op : program.ops)
    plan.dtypes.push_back(op.kind == ProgramOp::Kind::cast ? op.dtype : plan.dtypes[op.inputs[0]]);
  plan.program = std::move(program);
  std::set<std::size_t> stored = crossing_values(plan.program, plan.passes);
  fill_passes(plan.program, stored, plan.passes);
  const double most = whole_macs(plan) * (1 + kMostRecomputed);
  // The largest first: those of full resolution have the least work for each byte.
  std::vector<std::size_t> candidates(stored.begin(), stored.end());
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](std::size_t a, std::size_t b) { return plan.bytes(a) > plan.bytes(b); });
  for (const std::size_t value : candidates) {
    PassPlan other = plan;
    std::set<std::size_t> fewer = stored;
    fewer.erase(value);
    fill_passes(other.program, fewer, other.passes);
    if (whole_macs(other) > most || other.peak_stored_bytes() > plan.peak_stored_bytes() ||
        other.moved_bytes() >= plan.moved_bytes())
      continue;
    plan = std::move(other);
    stored = std::move(fewer);
  }
  return plan;
}

Region own_region(const PassPlan& plan, std::size_t value, const TileGrid& grid, std::int64_t row,
                  std::int64_t column) {
  const Shape& s = plan.shapes[value];
  return {part_of(s.h, row, grid.rows), part_of(s.w, column, grid.columns)};
}

std::vector<Region> tile_regions(const PassPlan& plan, const Pass& pass, const TileGrid& grid,
                                 std::int64_t row, std::int64_t column) {
  std::vector<Region> regions(plan.shapes.size());
  regions[pass.target] = own_region(plan, pass.target, grid, row, column);
  for (const std::size_t value : pass.writes)
    regions[value] = join(regions[value], own_region(plan, value, grid, row, column));
  for (auto i = pass.ops.rbegin(); i != pass.ops.rend(); ++i) {
    const ProgramOp& op = plan.program.ops[*i];
    for (const std::size_t input : op.inputs)
      regions[input] = join(regions[input], source_region(op, regions[*i + 1], plan.shapes[input]));
  }
  return regions;
}

std::vector<std::vector<std::size_t>> last_uses(const PassPlan& plan, const Pass& pass) {
  std::vector<std::vector<std::size_t>> last(pass.ops.size());
  std::set<std::size_t> seen{pass.target};
  for (std::size_t i = pass.ops.size(); i-- > 0;)
    for (const std::size_t input : plan.program.ops[pass.ops[i]].inputs)
      if (seen.insert(input).second) last[i].push_back(input);
  return last;
}

TileCost tile_cost(const PassPlan& plan, const TileGrid& grid) {
  TileCost cost;
  for (const Pass& pass : plan.passes) {
    const std::vector<std::vector<std::size_t>> last = last_uses(plan, pass);
    for (const auto& [row, rows_like_it] : sample_parts(grid.rows))
      for (const auto& [column, columns_like_it] : sample_parts(grid.columns)) {
        const std::vector<Region> regions = tile_regions(plan, pass, grid, row, column);
        std::uint64_t live = 0;
        const auto add = [&](std::size_t value) { live += region_bytes(plan, value, regions[value]); };
        for (const std::size_t value : pass.reads) add(value);
        cost.memory = std::max(cost.memory, live);
        for (std::size_t i = 0; i < pass.ops.size(); ++i) {
          const std::size_t value = pass.ops[i] + 1;
          const ProgramOp& op = plan.program.ops[pass.ops[i]];
          add(value);
          // A cut copy of the input, the result with its surroundings, and the kernels' own
          // layouts.
          const std::uint64_t work = 2 * (region_bytes(plan, op.inputs[0], regions[op.inputs[0]]) +
                                          region_bytes(plan, value, regions[value]));
          cost.memory = std::max(cost.memory, live + work);
          cost.macs += static_cast<double>(region_macs(op, regions[value], plan.shapes[op.inputs[0]])) *
                       rows_like_it * columns_like_it;
          for (const std::size_t done : last[i]) live -= region_bytes(plan, done, regions[done]);
        }
      }
  }
  return cost;
}

}  // namespace sumi
