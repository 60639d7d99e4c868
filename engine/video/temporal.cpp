#include "engine/video/temporal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "engine/error.h"
#include "engine/video/sampling.h"
#include "kernels/thread_pool.h"

namespace sumi::video {
namespace {

// Cubic weights keep more of the drawing from frame to frame than bilinear ones.
constexpr float kBlendCubic = -0.5F;
constexpr float kMaxAmount = 4;      // of the unsharp mask
constexpr float kAmountEase = 0.5F;  // from frame to frame, so that the sharpness does not pulse
// Levels end at black and white, where the mask is cut off. The variance that is asked for makes up
// for what was missing in the frames before.
constexpr double kGainEase = 0.3, kLeastGain = 0.8, kMostGain = 2;

std::uint16_t to_level(float value) {
  return static_cast<std::uint16_t>(std::clamp(value, 0.0F, 65535.0F) + 0.5F);
}

float luma_of(const std::uint16_t* p) {
  return 0.299F * static_cast<float>(p[0]) + 0.587F * static_cast<float>(p[1]) +
         0.114F * static_cast<float>(p[2]);
}

// [1 4 6 4 1] / 16, in one direction with `stride`; the border repeats.
template <class Get>
float smooth(const Get& get, int at, int size) {
  const auto value = [&](int i) { return get(std::clamp(i, 0, size - 1)); };
  return (6 * value(at) + 4 * (value(at - 1) + value(at + 1)) + value(at - 2) + value(at + 2)) * (1.0F / 16);
}

}  // namespace

TemporalBlend::TemporalBlend(int width, int height, double share, double smear)
    : width_(width), height_(height), share_(static_cast<float>(share)), smear_(static_cast<float>(smear)) {}

void TemporalBlend::blend(const Motion& motion, const std::uint16_t* drawing) {
  std::vector<std::uint16_t> result(held_.size());
  const float sx = static_cast<float>(motion.width) / static_cast<float>(width_);
  const float sy = static_cast<float>(motion.height) / static_cast<float>(height_);
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const auto y = static_cast<int>(row);
    const float fy = (static_cast<float>(y) + 0.5F) * sy - 0.5F;
    for (int x = 0; x < width_; ++x) {
      const Place p = place_of((static_cast<float>(x) + 0.5F) * sx - 0.5F, fy, motion.width, motion.height);
      const float dx = interpolate(motion.flow.data(), motion.width, p, 2, 0) / sx,
                  dy = interpolate(motion.flow.data(), motion.width, p, 2, 1) / sy;
      const float px = static_cast<float>(x) + dx, py = static_cast<float>(y) + dy;
      const float share =
          smear_ > 0 ? std::min(share_, smear_ / (smear_ + std::sqrt(dx * dx + dy * dy))) : share_;
      const float weight = share * interpolate(motion.trust.data(), motion.width, p);
      const std::size_t at =
          3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x));
      if (weight <= 0 || !(px >= 0 && py >= 0 && px <= static_cast<float>(width_ - 1) &&
                           py <= static_cast<float>(height_ - 1))) {
        std::copy_n(drawing + at, 3, result.data() + at);
        continue;
      }
      const int cx = static_cast<int>(px), cy = static_cast<int>(py);
      const std::array<float, 4> wx = cubic_weights(px - static_cast<float>(cx), kBlendCubic),
                                 wy = cubic_weights(py - static_cast<float>(cy), kBlendCubic);
      float sum[3] = {};
      for (int b = 0; b < 4; ++b) {
        const int yy = std::clamp(cy - 1 + b, 0, height_ - 1);
        const std::uint16_t* from =
            held_.data() + 3 * static_cast<std::size_t>(yy) * static_cast<std::size_t>(width_);
        for (int a = 0; a < 4; ++a) {
          const float w = wx[static_cast<std::size_t>(a)] * wy[static_cast<std::size_t>(b)];
          const std::uint16_t* p = from + 3 * std::clamp(cx - 1 + a, 0, width_ - 1);
          for (int c = 0; c < 3; ++c) sum[c] += w * static_cast<float>(p[c]);
        }
      }
      for (std::size_t c = 0; c < 3; ++c) {
        const auto drawn = static_cast<float>(drawing[at + c]);
        result[at + c] = to_level(drawn + weight * (std::clamp(sum[c], 0.0F, 65535.0F) - drawn));
      }
    }
  });
  held_.swap(result);
}

// Sum of the squared Laplacian of `get(at)`, `at` the place of a pixel's first level, over every
// other row.
template <class Get>
double TemporalBlend::laplacian_energy(const Get& get, std::size_t row_values) const {
  std::vector<double> rows(static_cast<std::size_t>(std::max(height_ / 2, 1)));
  kernels::parallel_for(static_cast<std::int64_t>(rows.size()), [&](std::int64_t row, int) {
    const std::size_t y = 2 * static_cast<std::size_t>(row) + 1;
    if (y + 1 >= static_cast<std::size_t>(height_)) return;
    double sum = 0;
    for (std::size_t at = y * row_values + 3; at + 3 < (y + 1) * row_values; at += 3) {
      const double value =
          get(at - 3) + get(at + 3) + get(at - row_values) + get(at + row_values) - 4 * get(at);
      sum += value * value;
    }
    rows[static_cast<std::size_t>(row)] = sum;
  });
  double total = 0;
  for (const double sum : rows) total += sum;
  return total;
}

// The amount a of held + a (held - smooth(held)) whose Laplacian has the drawing's variance: a
// quadratic.
void TemporalBlend::show(std::uint16_t* drawing) {
  const auto width = static_cast<std::size_t>(width_);
  std::vector<float> across(held_.size()), high(held_.size());
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const std::size_t begin = 3 * static_cast<std::size_t>(row) * width;
    for (int x = 0; x < width_; ++x)
      for (int c = 0; c < 3; ++c)
        across[begin + static_cast<std::size_t>(3 * x + c)] = smooth(
            [&](int i) { return static_cast<float>(held_[begin + static_cast<std::size_t>(3 * i + c)]); }, x,
            width_);
  });
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const auto y = static_cast<int>(row);
    for (std::size_t k = 0; k < 3 * width; ++k) {
      const std::size_t at = 3 * static_cast<std::size_t>(y) * width + k;
      high[at] =
          static_cast<float>(held_[at]) -
          smooth([&](int j) { return across[3 * static_cast<std::size_t>(j) * width + k]; }, y, height_);
    }
  });
  const std::size_t row_values = 3 * width;
  const auto high_luma = [&](std::size_t at) {
    return 0.299F * high[at] + 0.587F * high[at + 1] + 0.114F * high[at + 2];
  };
  const double dd = laplacian_energy([&](std::size_t at) { return luma_of(drawing + at); }, row_values);
  const double bb = laplacian_energy([&](std::size_t at) { return luma_of(held_.data() + at); }, row_values);
  const double hh = laplacian_energy(high_luma, row_values);
  const double sum = laplacian_energy(
      [&](std::size_t at) { return luma_of(held_.data() + at) + high_luma(at); }, row_values);
  const double bh = (sum - bb - hh) / 2, root = bh * bh + hh * (gain_ * dd - bb);
  const double wanted = hh > 0 && root > 0 ? (-bh + std::sqrt(root)) / hh : 0;
  const float amount = std::clamp(static_cast<float>(wanted), 0.0F, kMaxAmount);
  amount_ += kAmountEase * (amount - amount_);
  kernels::parallel_for(height_, [&](std::int64_t row, int) {
    const std::size_t begin = 3 * static_cast<std::size_t>(row) * width;
    for (std::size_t at = begin; at < begin + 3 * width; ++at)
      drawing[at] = to_level(static_cast<float>(held_[at]) + amount_ * high[at]);
  });
  const double shown = laplacian_energy([&](std::size_t at) { return luma_of(drawing + at); }, row_values);
  if (shown > 0) gain_ = std::clamp(gain_ * (1 + kGainEase * (dd / shown - 1)), kLeastGain, kMostGain);
}

void TemporalBlend::apply(const Motion& motion, std::uint16_t* drawing) {
  if (share_ <= 0) return;
  if (motion.cut || motion.flow.empty() || !begun_) {
    held_.assign(drawing, drawing + 3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
    amount_ = 0;
    gain_ = 1;
    begun_ = true;
    return;
  }
  blend(motion, drawing);
  show(drawing);
}

std::string TemporalBlend::state() const {
  std::string bytes;
  if (!begun_) return bytes;
  bytes.append(reinterpret_cast<const char*>(&amount_), sizeof amount_);
  bytes.append(reinterpret_cast<const char*>(&gain_), sizeof gain_);
  bytes.append(reinterpret_cast<const char*>(held_.data()), held_.size() * sizeof held_[0]);
  return bytes;
}

void TemporalBlend::set_state(const std::string& bytes) {
  begun_ = !bytes.empty();
  if (!begun_) return;
  held_.resize(3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  constexpr std::size_t head = sizeof amount_ + sizeof gain_;
  if (bytes.size() != head + held_.size() * sizeof held_[0])
    fail("temporal", "the state is of another clip; delete the folder of fragments and call sumi again");
  std::memcpy(&amount_, bytes.data(), sizeof amount_);
  std::memcpy(&gain_, bytes.data() + sizeof amount_, sizeof gain_);
  std::memcpy(held_.data(), bytes.data() + head, held_.size() * sizeof held_[0]);
}

}  // namespace sumi::video
