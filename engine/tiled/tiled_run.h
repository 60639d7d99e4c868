// Execution of a program in tiles: its result is that of the whole image, with the statistics of
// the whole image, while memory holds one tile at a time. Values that a later pass needs lie in
// scratch files.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine/runtime/scratch_file.h"
#include "engine/tiled/passes.h"

namespace sumi {

// Statistics of norms, by the index of their op.
using NormStatistics = std::map<std::size_t, RunningStats>;

// The program with these statistics in place of those of its values.
Program with_statistics(Program program, const NormStatistics& statistics);

class TiledRun {
 public:
  // `directory`: of the scratch files. Values live on `device` while they are computed.
  TiledRun(PassPlan plan, const TileGrid& grid, std::filesystem::path directory, const Device& device);

  // Pixels of the input [1, rows, columns, c], of the plan's dtype.
  using Source = std::function<Tensor(const Region& region)>;
  // Receives a tile of the result; together the tiles cover it.
  using Sink = std::function<void(const Region& region, const Tensor& tile)>;
  // `progress`: the finished part of the multiply-adds, 0 to 1. Throws the errors of ScratchFile.
  void run(const Source& source, const Sink& sink, const std::function<void(double)>& progress = {});

  // Of the last run.
  const NormStatistics& statistics() const { return statistics_; }

 private:
  void run_tile(const Pass& pass, std::int64_t row, std::int64_t column, const Source& source,
                const Sink& sink);
  Tensor load(std::size_t value, const Region& region);
  void store(std::size_t value, const Region& region, const Tensor& data);

  PassPlan plan_;
  TileGrid grid_;
  std::filesystem::path directory_;
  Device device_;
  std::map<std::size_t, std::unique_ptr<ScratchFile>> files_;
  NormStatistics statistics_;
  // Sums over the tiles so far of the pass's target, per statistic: mean and squared deviations.
  double count_ = 0;
  std::vector<double> mean_, deviation_;
  void add_statistics(const ProgramOp& norm, const Tensor& x);
  RunningStats finished_statistics(const ProgramOp& norm) const;
};

}  // namespace sumi
