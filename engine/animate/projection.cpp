#include "engine/animate/projection.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "engine/image/stylize/rows.h"

namespace sumi::animate {
namespace {

constexpr int kLobes = 3;

double lanczos(double x) {
  if (x == 0) return 1;
  if (std::fabs(x) >= kLobes) return 0;
  const double p = std::numbers::pi * x;
  return kLobes * std::sin(p) * std::sin(p / kLobes) / (p * p);
}

AxisWindow window_of(int size, int shorter, double center, double shift, double zoom, double enlargement,
                     double nearness, int frame) {
  const double visible = size / (zoom * (1 + (enlargement - 1) * nearness));
  const double middle = center * size - shift * nearness * shorter;
  return {middle - 0.5 * visible, visible / frame};
}

}  // namespace

AxisWindow window_across(int width, int height, const View& view, double nearness, int frame_width) {
  return window_of(width, std::min(width, height), view.x, view.shift_x, view.zoom, view.enlargement,
                   nearness, frame_width);
}

AxisWindow window_down(int width, int height, const View& view, double nearness, int frame_height) {
  return window_of(height, std::min(width, height), view.y, view.shift_y, view.zoom, view.enlargement,
                   nearness, frame_height);
}

Axis::Axis(int source, int target, const AxisWindow& window) {
  const double scale = std::max(window.step, 1.0);
  taps_ = 2 * static_cast<int>(std::ceil(kLobes * scale)) + 1;
  first_.resize(static_cast<std::size_t>(target));
  sources_.resize(first_.size() * static_cast<std::size_t>(taps_));
  weights_.resize(sources_.size());
  for (int i = 0; i < target; ++i) {
    const double place = window.begin + (i + 0.5) * window.step - 0.5;
    const int first = static_cast<int>(std::floor(place)) - taps_ / 2;
    int* from = sources_.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(taps_);
    float* weight = weights_.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(taps_);
    double sum = 0;
    for (int k = 0; k < taps_; ++k) sum += lanczos((first + k - place) / scale);
    for (int k = 0; k < taps_; ++k) {
      from[k] = std::clamp(first + k, 0, source - 1);
      weight[k] = static_cast<float>(lanczos((first + k - place) / scale) / sum);
    }
  }
}

Projection::Projection(int width, int height, const View& view, double nearness, int frame_width,
                       int frame_height)
    : width_(width),
      across_(width, frame_width, window_across(width, height, view, nearness, frame_width)),
      down_(height, frame_height, window_down(width, height, view, nearness, frame_height)) {}

template <int Channels, class Level>
void Projection::run(const Level* from, float* to) const {
  const auto row_size = static_cast<std::size_t>(width_) * Channels;
  const int blocks = stylize::count_blocks(down_.target());
  std::vector<float> rows(row_size * static_cast<std::size_t>(blocks));  // one of each block
  stylize::for_rows(down_.target(), [&](int begin, int end, int) {
    float* __restrict row = rows.data() + row_size * static_cast<std::size_t>(begin / stylize::kBlockRows);
    for (int y = begin; y < end; ++y) {
      std::fill_n(row, row_size, 0.0F);
      for (int k = 0; k < down_.taps(); ++k) {
        const float weight = down_.weights(y)[k];
        if (weight == 0) continue;
        const Level* source = from + static_cast<std::size_t>(down_.sources(y)[k]) * row_size;
#pragma omp simd
        for (std::size_t i = 0; i < row_size; ++i) row[i] += weight * static_cast<float>(source[i]);
      }
      float* target =
          to + static_cast<std::size_t>(y) * static_cast<std::size_t>(across_.target()) * Channels;
      for (int x = 0; x < across_.target(); ++x) {
        float sum[Channels] = {};
        const int* sources = across_.sources(x);
        const float* weights = across_.weights(x);
        for (int k = 0; k < across_.taps(); ++k)
          for (int c = 0; c < Channels; ++c) sum[c] += weights[k] * row[sources[k] * Channels + c];
        for (int c = 0; c < Channels; ++c) *target++ = sum[c];
      }
    }
  });
}

std::vector<float> Projection::operator()(const std::vector<std::uint16_t>& rgb) const {
  std::vector<float> result(3 * static_cast<std::size_t>(across_.target()) *
                            static_cast<std::size_t>(down_.target()));
  run<3>(rgb.data(), result.data());
  return result;
}

stylize::Plane Projection::operator()(const stylize::Plane& plane) const {
  stylize::Plane result(across_.target(), down_.target());
  run<1>(plane.data(), result.data());
  return result;
}

}  // namespace sumi::animate
