#include "engine/video/coherence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "engine/error.h"
#include "engine/image/stylize/sample.h"
#include "engine/video/sampling.h"
#include "kernels/thread_pool.h"

namespace sumi::video {
namespace {

constexpr double kLeastSure = 0.3;     // of the pixels; else a cut
constexpr float kAlike = 25;           // levels of gray
constexpr float kMeterCubic = -0.75F;  // as OpenCV's INTER_CUBIC

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

struct Field {
  int width, height;
  std::size_t at(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
};

// Variance of the Laplacian of [height, width] levels; the border is mirrored.
double laplacian_variance(const std::vector<std::uint8_t>& gray, const Field& field) {
  const auto mirrored = [](int i, int size) {
    return size == 1 ? 0 : i < 0 ? -i : i >= size ? 2 * size - 2 - i : i;
  };
  double sum = 0, squares = 0;
  for (int y = 0; y < field.height; ++y)
    for (int x = 0; x < field.width; ++x) {
      const auto level = [&](int i, int j) {
        return static_cast<int>(gray[field.at(mirrored(i, field.width), mirrored(j, field.height))]);
      };
      const int value =
          level(x - 1, y) + level(x + 1, y) + level(x, y - 1) + level(x, y + 1) - 4 * level(x, y);
      sum += value;
      squares += double(value) * value;
    }
  const double count = double(field.width) * field.height;
  return squares / count - (sum / count) * (sum / count);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

CoherenceMeter::CoherenceMeter(int clips) : tracks_(static_cast<std::size_t>(clips) + 1) {}

void CoherenceMeter::take(Track& track, const Frame& frame) {
  if (frame.width < 2 || frame.height < 2)
    fail("evaluate", "the clips' frames have one row or column, which has no motion; give larger ones");
  if (frame.width != width_ || frame.height != height_)
    fail("evaluate", "the clips' frames differ in size: " + std::to_string(frame.width) + "x" +
                         std::to_string(frame.height) + " and " + std::to_string(width_) + "x" +
                         std::to_string(height_));
  std::swap(track.rgb, track.former);
  std::swap(track.gray, track.former_gray);
  const std::size_t pixels = frame.rgb.size() / 3;
  track.rgb.resize(frame.rgb.size());
  track.gray.resize(pixels);
  for (std::size_t i = 0; i < frame.rgb.size(); ++i)
    track.rgb[i] = static_cast<std::uint8_t>((frame.rgb[i] + 128) / 257);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t* p = track.rgb.data() + 3 * i;
    track.gray[i] = to_byte(0.299F * static_cast<float>(p[0]) + 0.587F * static_cast<float>(p[1]) +
                            0.114F * static_cast<float>(p[2]));
  }
  track.sharpness.push_back(laplacian_variance(track.gray, {width_, height_}));
}

void CoherenceMeter::measure_flow() {
  const Track& source = tracks_[0];
  const Field field{width_, height_};
  const std::size_t pixels = source.gray.size();
  if (!flow_) flow_ = video_module().flow(FlowQuality::medium);
  std::vector<float> there(2 * pixels), back(2 * pixels);
  flow_->compute(source.gray.data(), source.former_gray.data(), width_, height_, there.data());
  flow_->compute(source.former_gray.data(), source.gray.data(), width_, height_, back.data());
  places_.resize(2 * pixels);
  sure_.assign(pixels, 0);
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const auto y = static_cast<int>(row);
    for (int x = 0; x < width_; ++x) {
      const std::size_t at = field.at(x, y);
      const float u = there[2 * at], v = there[2 * at + 1];
      const float px = static_cast<float>(x) + u, py = static_cast<float>(y) + v;
      places_[2 * at] = px;
      places_[2 * at + 1] = py;
      const Place p = place_of(px, py, width_, height_);
      if (!p.inside) continue;
      const float bu = interpolate(back.data(), width_, p, 2, 0),
                  bv = interpolate(back.data(), width_, p, 2, 1);
      const float gap = (u + bu) * (u + bu) + (v + bv) * (v + bv);
      const float bound = 0.01F * (u * u + v * v + bu * bu + bv * bv) + 0.5F;
      const float before = std::round(interpolate(source.former_gray.data(), width_, p));
      sure_[at] = gap < bound && std::abs(before - static_cast<float>(source.gray[at])) < kAlike;
    }
  });
  sure_count_ = std::count(sure_.begin(), sure_.end(), 1);
}

void CoherenceMeter::measure(Track& track) const {
  const Field field{width_, height_};
  std::vector<double> errors(static_cast<std::size_t>(height_)), changes(static_cast<std::size_t>(height_));
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const auto y = static_cast<int>(row);
    double error = 0, change = 0;
    for (int x = 0; x < width_; ++x) {
      const std::size_t at = field.at(x, y);
      for (std::size_t c = 0; c < 3; ++c)
        change += std::abs(int(track.rgb[3 * at + c]) - int(track.former[3 * at + c]));
      if (sure_[at] == 0) continue;
      const float px = places_[2 * at], py = places_[2 * at + 1];
      const int i = static_cast<int>(px), j = static_cast<int>(py);
      const std::array<float, 4> wx = stylize::cubic_weights(px - static_cast<float>(i), kMeterCubic),
                                 wy = stylize::cubic_weights(py - static_cast<float>(j), kMeterCubic);
      std::array<float, 3> sum{};
      for (int b = 0; b < 4; ++b)
        for (int a = 0; a < 4; ++a) {
          const int u = i - 1 + a, v = j - 1 + b;
          if (u < 0 || v < 0 || u >= width_ || v >= height_) continue;
          const float weight = wx[static_cast<std::size_t>(a)] * wy[static_cast<std::size_t>(b)];
          for (std::size_t c = 0; c < 3; ++c)
            sum[c] += weight * static_cast<float>(track.former[3 * field.at(u, v) + c]);
        }
      for (std::size_t c = 0; c < 3; ++c)
        error += std::abs(int(to_byte(sum[c])) - int(track.rgb[3 * at + c]));
    }
    errors[static_cast<std::size_t>(row)] = error;
    changes[static_cast<std::size_t>(row)] = change;
  });
  double error = 0, change = 0;
  for (int y = 0; y < height_; ++y) {
    error += errors[static_cast<std::size_t>(y)];
    change += changes[static_cast<std::size_t>(y)];
  }
  track.error += error / (3.0 * static_cast<double>(sure_count_));
  track.change += change / (3.0 * width_ * height_);
}

void CoherenceMeter::add(const Frame& source, const std::vector<Frame>& clips) {
  if (clips.size() + 1 != tracks_.size()) fail("evaluate", "a frame of each clip is needed");
  if (frames_ == 0) {
    width_ = source.width;
    height_ = source.height;
    if (std::min(width_, height_) < 16) fail("evaluate", "frames are smaller than 16x16");
  }
  take(tracks_[0], source);
  for (std::size_t i = 0; i < clips.size(); ++i) take(tracks_[i + 1], clips[i]);
  if (++frames_ == 1) return;
  measure_flow();
  if (static_cast<double>(sure_count_) <= kLeastSure * width_ * height_) {
    ++cuts_;
    return;
  }
  for (Track& track : tracks_) measure(track);
}

std::vector<Coherence> CoherenceMeter::results() const {
  const std::int64_t pairs = frames_ - 1 - cuts_;
  if (pairs < 1) fail("evaluate", "there are no two neighboring frames of one shot");
  std::vector<Coherence> results;
  for (const Track& track : tracks_)
    results.push_back({track.error / static_cast<double>(pairs), median(track.sharpness),
                       track.change / static_cast<double>(pairs)});
  return results;
}

}  // namespace sumi::video
