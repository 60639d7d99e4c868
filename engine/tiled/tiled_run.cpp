#include "engine/tiled/tiled_run.h"

#include <algorithm>
#include <utility>

#include "engine/autograd.h"
#include "engine/runtime/device.h"
#include "kernels/norm.h"

namespace sumi {

Program with_statistics(Program program, const NormStatistics& statistics) {
  for (const auto& [op, fixed] : statistics) program.ops.at(op).fixed = fixed;
  return program;
}

TiledRun::TiledRun(PassPlan plan, const TileGrid& grid, std::filesystem::path directory, const Device& device)
    : plan_(std::move(plan)), grid_(grid), directory_(std::move(directory)), device_(device) {}

Tensor TiledRun::load(std::size_t value, const Region& region) {
  const Shape& s = plan_.shapes[value];
  const Tensor host =
      Tensor::empty({1, region.rows.size(), region.columns.size(), s.c}, plan_.dtypes[value], Device{});
  auto* to = static_cast<char*>(host.mutable_view().data);
  const std::size_t pixel = static_cast<std::size_t>(s.c) * size_of(plan_.dtypes[value]),
                    row = static_cast<std::size_t>(region.columns.size()) * pixel;
  for (std::int64_t y = region.rows.begin; y < region.rows.end; ++y, to += row)
    files_.at(value)->read(static_cast<std::uint64_t>(y * s.w + region.columns.begin) * pixel, to, row);
  return host.to(device_);
}

void TiledRun::store(std::size_t value, const Region& region, const Tensor& data) {
  const Shape& s = plan_.shapes[value];
  const Tensor host = data.to(Device{});
  const auto* from = static_cast<const char*>(host.view().data);
  const std::size_t pixel = static_cast<std::size_t>(s.c) * size_of(plan_.dtypes[value]),
                    row = static_cast<std::size_t>(region.columns.size()) * pixel;
  for (std::int64_t y = region.rows.begin; y < region.rows.end; ++y, from += row)
    files_.at(value)->write(static_cast<std::uint64_t>(y * s.w + region.columns.begin) * pixel, from, row);
}

// Joins the tile's mean and squared deviations to those so far (Chan 1983).
void TiledRun::add_statistics(const ProgramOp& norm, const Tensor& x) {
  const Shape& s = x.shape();
  const kernels::NormGeom geom{s, norm.norm.groups, norm.norm.eps};
  const DType wide = kernels::NormGeom::vector_dtype(x.dtype());
  const Tensor mean = Tensor::empty(geom.stat_shape(), wide, device_), var = Tensor::empty_like(mean);
  kernels::norm_stats(exec_on(device_), geom, x.view(), mean.mutable_view(), var.mutable_view());
  const std::vector<double> means = mean.to_vector<double>(), vars = var.to_vector<double>();
  const auto n = static_cast<double>(geom.stat_count());
  if (count_ == 0) {
    mean_.assign(means.size(), 0);
    deviation_.assign(means.size(), 0);
  }
  for (std::size_t i = 0; i < means.size(); ++i) {
    const double step = means[i] - mean_[i];
    mean_[i] += step * n / (count_ + n);
    deviation_[i] += vars[i] * n + step * step * count_ * n / (count_ + n);
  }
  count_ += n;
}

RunningStats TiledRun::finished_statistics(const ProgramOp& norm) const {
  Shape s = plan_.shapes[norm.inputs[0]];
  const Shape stat = kernels::NormGeom{s, norm.norm.groups, norm.norm.eps}.stat_shape();
  const DType wide = kernels::NormGeom::vector_dtype(plan_.dtypes[norm.inputs[0]]);
  std::vector<double> var;
  for (const double d : deviation_) var.push_back(d / count_);
  return {Tensor::from(mean_, stat, wide, device_), Tensor::from(var, stat, wide, device_), 0};
}

void TiledRun::run_tile(const Pass& pass, std::int64_t row, std::int64_t column, const Source& source,
                        const Sink& sink) {
  const std::vector<Region> regions = tile_regions(plan_, pass, grid_, row, column);
  const std::vector<std::vector<std::size_t>> last = last_uses(plan_, pass);
  std::map<std::size_t, Tile> tiles;
  for (const std::size_t value : pass.reads) {
    const Region& region = regions[value];
    if (!region.empty()) tiles[value] = {value == 0 ? source(region) : load(value, region), region};
  }
  const auto finished = [&](std::size_t value) {
    const bool written = std::count(pass.writes.begin(), pass.writes.end(), value) > 0;
    const Region own = own_region(plan_, value, grid_, row, column);
    if ((!written && value != pass.target) || own.empty()) return;
    const Tensor data = crop_tile(tiles.at(value), own);
    if (written) store(value, own, data);
    if (value != pass.target) return;
    if (pass.norm < plan_.program.ops.size())
      add_statistics(plan_.program.ops[pass.norm], data);
    else
      sink(own, data);
  };
  for (std::size_t i = 0; i < pass.ops.size(); ++i) {
    const ProgramOp& op = plan_.program.ops[pass.ops[i]];
    const std::size_t value = pass.ops[i] + 1;
    if (!regions[value].empty()) {
      std::vector<Tile> inputs;
      for (const std::size_t input : op.inputs) inputs.push_back(tiles.at(input));
      const auto known = statistics_.find(pass.ops[i]);
      tiles[value] = {run_region(op, inputs, regions[value], plan_.shapes[op.inputs[0]],
                                 known == statistics_.end() ? RunningStats{} : known->second),
                      regions[value]};
      finished(value);
    }
    for (const std::size_t done : last[i]) tiles.erase(done);
  }
  if (pass.ops.empty() && tiles.count(pass.target) > 0) finished(pass.target);  // the input itself
}

void TiledRun::run(const Source& source, const Sink& sink, const std::function<void(double)>& progress) {
  const NoGrad no_grad;
  files_.clear();
  statistics_.clear();
  double done = 0, all = 0;
  const auto work = [&](const Pass& pass) { return 1 + pass_macs(plan_, pass); };
  for (const Pass& pass : plan_.passes) all += work(pass);
  const auto tiles = static_cast<double>(grid_.rows * grid_.columns);
  if (progress) progress(0);
  for (const Pass& pass : plan_.passes) {
    count_ = 0;
    for (const std::size_t value : pass.writes)
      files_[value] = std::make_unique<ScratchFile>(directory_, plan_.bytes(value));
    for (std::int64_t row = 0; row < grid_.rows; ++row)
      for (std::int64_t column = 0; column < grid_.columns; ++column) {
        run_tile(pass, row, column, source, sink);
        done += work(pass) / tiles;
        if (progress) progress(done / all);
      }
    if (pass.norm < plan_.program.ops.size())
      statistics_[pass.norm] = finished_statistics(plan_.program.ops[pass.norm]);
    for (const std::size_t value : pass.drops) files_.erase(value);
  }
}

}  // namespace sumi
