#include "models/inference/tiled_translation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/error.h"

namespace sumi {
namespace {

constexpr double kGibibyte = 1 << 30;
constexpr double kSamplePixels = 4e6;
constexpr double kMostScratch = 32 * kGibibyte, kMostOfDisk = 0.9;
constexpr double kDiskBytesPerSecond = 300e6;  // of scratch files, for the prediction
constexpr int kUsualSide = 1024;               // if the system does not tell how much memory there is
constexpr std::array<int, 13> kSides{4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128, 96, 64};

TileGrid grid_of(const NetworkInput& input, int side) {
  return {(input.height + side - 1) / side, (input.width + side - 1) / side};
}

struct ChosenTiles {
  int side = 0;
  TileGrid grid;
  TileCost cost;
};

ChosenTiles with_side(const PassPlan& plan, const NetworkInput& input, int side) {
  const TileGrid grid = grid_of(input, side);
  return {side, grid, tile_cost(plan, grid)};
}

// The smallest tiles if none fit.
ChosenTiles choose_tiles(const PassPlan& plan, const TileRequest& request) {
  const std::uint64_t memory = request.memory;
  if (request.options.side > 0) {
    ChosenTiles chosen = with_side(plan, request.input, request.options.side);
    if (memory > 0 && chosen.cost.memory > memory)
      fail("--tile", fmt::format("{} takes about {:.2f} GiB of memory a tile, but {:.2f} are left; use a "
                                 "smaller number, or 0 for the largest that fits",
                                 chosen.side, static_cast<double>(chosen.cost.memory) / kGibibyte,
                                 static_cast<double>(memory) / kGibibyte));
    return chosen;
  }
  if (memory == 0) return with_side(plan, request.input, kUsualSide);
  for (const int side : kSides) {
    ChosenTiles chosen = with_side(plan, request.input, side);
    if (chosen.cost.memory <= memory) return chosen;
  }
  return with_side(plan, request.input, kSides.back());
}

// One run of a program over the photo of `input`. Returns the statistics of its norms.
NormStatistics run_tiles(PassPlan plan, const ChosenTiles& tiles, const NetworkInput& input, Photo& result,
                         const std::function<void(double)>& progress) {
  TiledRun run(std::move(plan), tiles.grid, scratch_directory(), input.device);
  run.run([&](const Region& region) { return input.window(region); },
          [&](const Region& region, const Tensor& tile) { store_window(tile, region, result); }, progress);
  return run.statistics();
}

PassPlan plan_for(const Program& program, const NetworkInput& input) {
  return plan_passes(program, {1, input.height, input.width, input.channels}, input.dtype);
}

// The photo of a request at about `pixels` pixels.
struct Sample {
  Photo photo, result;
  NetworkInput input;
};

void make_sample(const TileRequest& request, double pixels, Sample& sample) {
  const NetworkInput& from = request.input;
  const Photo& photo = *from.photo;
  const double scale = std::min(1.0, std::sqrt(pixels / static_cast<double>(photo.pixels())));
  const auto side = [&](int s) { return std::max(static_cast<int>(std::lround(s * scale)), 1); };
  const auto extended = [&](int s) {
    return (std::max(s, request.smallest_side) + request.multiple - 1) / request.multiple * request.multiple;
  };
  sample.photo = resize_photo(photo, side(photo.width), side(photo.height));
  sample.input = from;
  sample.input.photo = &sample.photo;
  sample.input.width = extended(sample.photo.width);
  sample.input.height = extended(sample.photo.height);
  sample.input.hole.clear();
  for (int y = 0; !from.hole.empty() && y < sample.photo.height; ++y)
    for (int x = 0; x < sample.photo.width; ++x) {
      const auto at = static_cast<std::int64_t>(y) * photo.height / sample.photo.height * photo.width +
                      static_cast<std::int64_t>(x) * photo.width / sample.photo.width;
      sample.input.hole.push_back(from.hole[static_cast<std::size_t>(at)]);
    }
  sample.result.width = sample.photo.width * request.enlargement;
  sample.result.height = sample.photo.height * request.enlargement;
  sample.result.rgb.assign(sample.result.pixels() * 3, 0);
}

NormStatistics run_sample(const Program& program, const TileRequest& request, Sample& sample) {
  TileRequest own = request;
  own.input = sample.input;
  own.options.side = 0;
  PassPlan plan = plan_for(program, sample.input);
  const ChosenTiles tiles = choose_tiles(plan, own);
  return run_tiles(std::move(plan), tiles, sample.input, sample.result, {});
}

struct SampledStatistics {
  NormStatistics statistics;
  double mean_error = 0, largest_error = 0;  // levels of 255
};

// Statistics of the photo at 4 megapixels. The error is that of the same step on a smaller scale:
// the change of the sample's result with statistics of a quarter of its pixels.
SampledStatistics sample_statistics(const TileRequest& request) {
  const Program& program = *request.program;
  Sample large, small;
  make_sample(request, kSamplePixels, large);
  make_sample(request, kSamplePixels / 4, small);
  SampledStatistics sampled;
  sampled.statistics = run_sample(program, request, large);
  const std::vector<std::uint16_t> exact = large.result.rgb;
  run_sample(with_statistics(program, run_sample(program, request, small)), request, large);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = std::abs(double(exact[i]) - large.result.rgb[i]) / 257;
    sampled.mean_error += error / static_cast<double>(exact.size());
    sampled.largest_error = std::max(sampled.largest_error, error);
  }
  return sampled;
}

std::string spoken_time(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", std::max(seconds, 1.0));
  return seconds < 5400 ? fmt::format("{:.0f} minutes", seconds / 60)
                        : fmt::format("{:.1f} hours", seconds / 3600);
}

std::string description(const PassPlan& plan, const ChosenTiles& tiles, const TileRequest& request) {
  std::string text =
      fmt::format("{}x{} in tiles of {} pixels ({}), about {:.2f} GiB of memory a tile", request.input.width,
                  request.input.height, tiles.side, tiles.grid.rows * tiles.grid.columns,
                  static_cast<double>(tiles.cost.memory) / kGibibyte);
  if (plan.peak_stored_bytes() > 0)
    text +=
        fmt::format(", {} passes with {:.2f} GiB of scratch files in {}", plan.passes.size(),
                    static_cast<double>(plan.peak_stored_bytes()) / kGibibyte, scratch_directory().string());
  if (request.macs_per_second > 0)
    text +=
        fmt::format(", about {}", spoken_time(tiles.cost.macs / request.macs_per_second +
                                              static_cast<double>(plan.moved_bytes()) / kDiskBytesPerSecond));
  return text;
}

bool takes_sample(const PassPlan& plan, const TileOptions& options) {
  if (plan.passes.size() < 2 || options.statistics == TileStatistics::sampled) return plan.passes.size() > 1;
  const auto need = static_cast<double>(plan.peak_stored_bytes()),
             free = static_cast<double>(free_disk_space(scratch_directory()));
  if (options.statistics == TileStatistics::automatic)
    return need > kMostScratch || (free > 0 && need > kMostOfDisk * free);
  if (free > 0 && need > free)
    fail("--tile-statistics",
         fmt::format("exact needs {:.2f} GiB of scratch files, but {} has {:.2f} left; set TMPDIR to a "
                     "directory on another disk, or use sampled",
                     need / kGibibyte, scratch_directory().string(), free / kGibibyte));
  return false;
}

}  // namespace

bool translate_in_tiles(const TileRequest& request, Photo& result) {
  PassPlan plan = plan_for(*request.program, request.input);
  if (request.options.side == 0 && request.memory > 0 &&
      choose_tiles(plan, request).cost.memory > request.memory)
    return false;
  std::string remark;
  if (takes_sample(plan, request.options)) {
    const SampledStatistics sampled = sample_statistics(request);
    plan = plan_for(with_statistics(*request.program, sampled.statistics), request.input);
    remark = fmt::format(
        "; statistics of norms from a version of 4 megapixels (error of such a step on that version: {:.2f} "
        "levels of 255 on average, {:.1f} at most)",
        sampled.mean_error, sampled.largest_error);
  }
  const ChosenTiles tiles = choose_tiles(plan, request);
  if (request.memory > 0 && tiles.cost.memory > request.memory) return false;
  if (request.options.say) request.options.say(description(plan, tiles, request) + remark);
  run_tiles(std::move(plan), tiles, request.input, result, request.options.progress);
  return true;
}

}  // namespace sumi
