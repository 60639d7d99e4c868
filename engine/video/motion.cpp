#include "engine/video/motion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "engine/image/stylize/rows.h"
#include "engine/video/sampling.h"
#include "kernels/thread_pool.h"

namespace sumi::video {
namespace {

constexpr int kFlowSide = 288;     // of the short side, at most
constexpr int kSmallestSide = 16;  // DIS compares patches of 8 pixels
constexpr int kBins = 8, kThumbWidth = 32, kThumbHeight = 18;
// A cut: so much of the histogram and of the thumbnail's range changes, and several times as much
// as between the frames before.
constexpr double kColorChange = 0.3, kPlaceChange = 0.05, kLargeChange = 0.22, kTimesUsual = 3;

float luma(const std::uint16_t* p) {
  return (0.299F * static_cast<float>(p[0]) + 0.587F * static_cast<float>(p[1]) +
          0.114F * static_cast<float>(p[2])) *
         (1.0F / 65535);
}

// Means of boxes, at most 4x4 samples of each.
template <class Store>
void shrink_luma(const Frame& frame, int width, int height, const Store& store) {
  const auto sample = [](int begin, int end, int k) { return begin + (end - begin) * k / 4; };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int x0 = x * frame.width / width, x1 = std::max((x + 1) * frame.width / width, x0 + 1);
      const int y0 = y * frame.height / height, y1 = std::max((y + 1) * frame.height / height, y0 + 1);
      const int across = std::min(x1 - x0, 4), down = std::min(y1 - y0, 4);
      float sum = 0;
      for (int j = 0; j < down; ++j)
        for (int i = 0; i < across; ++i) {
          const int sx = across < 4 ? x0 + i : sample(x0, x1, i), sy = down < 4 ? y0 + j : sample(y0, y1, j);
          sum += luma(frame.rgb.data() +
                      3 * (static_cast<std::size_t>(sy) * static_cast<std::size_t>(frame.width) +
                           static_cast<std::size_t>(sx)));
        }
      store(y * width + x, sum / static_cast<float>(across * down));
    }
}

// The source pixels of each of `to` boxes along a side of `from` pixels, with the part of each that
// the box covers.
struct Cover {
  int first = 0;
  std::vector<float> parts;  // sum 1
};
std::vector<Cover> covers(int from, int to) {
  std::vector<Cover> result(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double begin = i * scale, end = std::min((i + 1) * scale, static_cast<double>(from));
    Cover& cover = result[static_cast<std::size_t>(i)];
    cover.first = static_cast<int>(begin);
    for (int k = cover.first; k < end && k < from; ++k)
      cover.parts.push_back(
          static_cast<float>((std::min<double>(k + 1, end) - std::max<double>(k, begin)) / (end - begin)));
  }
  return result;
}

// Means of boxes, whose borders count by their parts: with whole pixels alone, neighboring boxes
// would be apart by different distances, and the flow as inexact as that.
template <class Store>
void reduce_luma(const Frame& frame, int width, int height, const Store& store) {
  const std::vector<Cover> columns = covers(frame.width, width), rows = covers(frame.height, height);
  const auto from_width = static_cast<std::size_t>(frame.width);
  std::vector<float> buffers(from_width * static_cast<std::size_t>(kernels::num_threads()));
  stylize::for_rows(height, [&](int begin, int end, int thread) {
    float* __restrict sums = buffers.data() + static_cast<std::size_t>(thread) * from_width;
    const int count = frame.width;
    for (int y = begin; y < end; ++y) {
      const Cover& down = rows[static_cast<std::size_t>(y)];
      std::fill_n(sums, count, 0.0F);
      for (std::size_t j = 0; j < down.parts.size(); ++j) {
        const std::uint16_t* p =
            frame.rgb.data() + 3 * (static_cast<std::size_t>(down.first) + j) * from_width;
        const float part = down.parts[j];
#pragma omp simd
        for (int x = 0; x < count; ++x) sums[x] += part * luma(p + 3 * x);
      }
      for (std::size_t x = 0; x < columns.size(); ++x) {
        const float* from = sums + columns[x].first;
        float sum = 0;
        for (std::size_t k = 0; k < columns[x].parts.size(); ++k) sum += columns[x].parts[k] * from[k];
        store(static_cast<std::size_t>(y) * columns.size() + x, sum);
      }
    }
  });
}

std::vector<float> color_histogram(const Frame& frame) {
  std::vector<float> bins(kBins * kBins * kBins);
  const std::size_t pixels = frame.rgb.size() / 3, step = std::max<std::size_t>(pixels / 40'000, 1);
  const auto bin = [](std::uint16_t level) { return level * kBins / 65536; };
  std::size_t count = 0;
  for (std::size_t i = 0; i < pixels; i += step, ++count) {
    const std::uint16_t* p = frame.rgb.data() + 3 * i;
    bins[static_cast<std::size_t>((bin(p[0]) * kBins + bin(p[1])) * kBins + bin(p[2]))] += 1;
  }
  for (float& value : bins) value /= static_cast<float>(std::max<std::size_t>(count, 1));
  return bins;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum;
}

}  // namespace

bool MotionEstimator::is_cut(const Frame& frame) {
  std::vector<float> colors = color_histogram(frame), thumbnail(kThumbWidth * kThumbHeight);
  shrink_luma(frame, kThumbWidth, kThumbHeight,
              [&](int at, float value) { thumbnail[static_cast<std::size_t>(at)] = value; });
  std::swap(colors, colors_);
  std::swap(thumbnail, thumbnail_);
  if (thumbnail.empty()) return true;
  const double color_change = distance(colors, colors_) / 2;
  const double change = distance(thumbnail, thumbnail_) / static_cast<double>(thumbnail.size());
  const double usual = usual_change_;
  const bool large = change > kLargeChange;
  // Right behind a cut nothing is known yet of what is usual.
  const bool cut = usual < 0 ? large && color_change > kColorChange
                             : change > kTimesUsual * usual &&
                                   (large || (color_change > kColorChange && change > kPlaceChange));
  usual_change_ = cut ? -1 : usual < 0 ? change : usual + 0.3 * (change - usual);
  return cut;
}

void MotionEstimator::estimate(Motion& motion) {
  const std::size_t pixels = gray_.size();
  motion.width = width_;
  motion.height = height_;
  motion.flow.resize(2 * pixels);
  motion.trust.resize(pixels);
  std::vector<float> back(2 * pixels);
  if (!flow_) {
    flow_ = video_module().flow(FlowQuality::fine);
    back_flow_ = video_module().flow(FlowQuality::fast);  // for the mask alone
  }
  flow_->compute(gray_.data(), former_gray_.data(), width_, height_, motion.flow.data());
  back_flow_->compute(former_gray_.data(), gray_.data(), width_, height_, back.data());
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const auto y = static_cast<int>(row);
    for (int x = 0; x < width_; ++x) {
      const std::size_t at =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
      const float u = motion.flow[2 * at], v = motion.flow[2 * at + 1];
      const Place p = place_of(static_cast<float>(x) + u, static_cast<float>(y) + v, width_, height_);
      const float bu = interpolate(back.data(), width_, p, 2, 0),
                  bv = interpolate(back.data(), width_, p, 2, 1);
      const float gap = (u + bu) * (u + bu) + (v + bv) * (v + bv);
      const float bound = 0.01F * (u * u + v * v + bu * bu + bv * bv) + 0.5F;
      const float change =
          std::abs(interpolate(former_gray_.data(), width_, p) - static_cast<float>(gray_[at]));
      const float agreement = std::clamp(2.0F - gap / bound, 0.0F, 1.0F);
      const float likeness = std::clamp(2.0F - change / 16.0F, 0.0F, 1.0F);
      motion.trust[at] = p.inside ? agreement * likeness : 0.0F;
    }
  });
}

// The frame's gray, and the one before it.
void MotionEstimator::take(const Frame& frame) {
  const double scale = std::min(1.0, static_cast<double>(kFlowSide) / std::min(frame.width, frame.height));
  const auto side = [&](int size) { return std::max(static_cast<int>(std::lround(size * scale)), 2); };
  width_ = side(frame.width);
  height_ = side(frame.height);
  std::swap(gray_, former_gray_);
  gray_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  reduce_luma(frame, width_, height_, [&](std::size_t at, float value) {
    gray_[at] = static_cast<std::uint8_t>(std::lround(std::clamp(255 * value, 0.0F, 255.0F)));
  });
}

Motion MotionEstimator::next(const Frame& frame) {
  Motion motion;
  motion.cut = is_cut(frame);
  if (!wanted_) return motion;
  take(frame);
  if (!motion.cut && std::min(width_, height_) >= kSmallestSide) estimate(motion);
  return motion;
}

void MotionEstimator::skip(const Frame& frame) {
  is_cut(frame);
  if (wanted_) take(frame);
}

}  // namespace sumi::video
