#include "tools/convert_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/image/image_size.h"
#include "models/inference/converter.h"
#include "models/training/pace.h"

namespace sumi::cli {
namespace {

constexpr std::size_t kMostFiles = 100;
constexpr double kTold = 10;          // seconds from which the time is printed
constexpr double kMeasured = 2;       // expected seconds on a fast machine from which it is measured
constexpr double kProbeWork = 0.1;    // of the small image
constexpr int kLeastProbeSide = 128;  // networks take no less

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

ConvertEstimate::ConvertEstimate(const std::vector<ConvertJob>& jobs, int max_size, const PhotoFilter& filter)
    : count_(jobs.size()), filter_(filter) {
  const std::size_t step = std::max<std::size_t>((jobs.size() + kMostFiles - 1) / kMostFiles, 1);
  std::size_t known = 0;
  for (std::size_t i = 0; i < jobs.size(); i += step) {
    const auto claimed = claimed_image_size(jobs[i].in);
    if (!claimed || claimed->first > 1'000'000 || claimed->second > 1'000'000) continue;
    const auto [width, height] =
        limited_size(static_cast<int>(claimed->first), static_cast<int>(claimed->second), max_size);
    pixels_ += double(width) * height;
    work_ += filter.work(width, height);
    if (jobs.size() == 1) size_ = fmt::format("{}x{}", width, height);
    ++known;
  }
  const double share = known > 0 ? static_cast<double>(count_) / static_cast<double>(known) : 0;
  pixels_ *= share;
  work_ *= share;
}

std::string ConvertEstimate::line(const Photo& first, double load_seconds,
                                  const std::function<void(const Photo&)>& process) const {
  if (work_ < kMeasured) return "";
  const Timed small = timed(first, kProbeWork / 4, process), large = timed(first, kProbeWork, process);
  // seconds = base + slope * work. The base (faces are looked for at one size) is not proportional
  // to the size.
  const double share = large.seconds / large.work;
  double slope = share;
  if (large.work > small.work)
    slope = std::clamp((large.seconds - small.seconds) / (large.work - small.work), share / 8, share);
  const double base = large.seconds - slope * large.work;
  const double compute = static_cast<double>(count_) * base + slope * work_;
  const double load =
      count_ > 1 ? load_seconds * pixels_ / std::max(static_cast<double>(first.pixels()), 1.0) : 0;
  const double expected = std::max(compute, load);
  if (expected < kTold) return "";
  const std::string what = size_.empty() ? fmt::format("{} images, {:.1f} megapixels", count_, pixels_ / 1e6)
                                         : "1 image of " + size_;
  return fmt::format("{}: about {}", what, duration_text(expected));
}

ConvertEstimate::Timed ConvertEstimate::timed(const Photo& first, double most_work,
                                              const std::function<void(const Photo&)>& process) const {
  int side = std::max(first.width, first.height);
  while (side > kLeastProbeSide) {
    const auto [width, height] = limited_size(first.width, first.height, side);
    if (filter_.work(width, height) <= most_work) break;
    side = std::max(side * 3 / 4, kLeastProbeSide);
  }
  const auto [width, height] = limited_size(first.width, first.height, side);
  const Photo small = resize_photo(first, width, height);
  process(small);  // what is made once is not counted
  const auto start = std::chrono::steady_clock::now();
  process(small);
  return {seconds_since(start), std::max(filter_.work(width, height), 1e-9)};
}

}  // namespace sumi::cli
