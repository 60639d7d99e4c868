// Hatching after Praun, Hoppe, Webb, Finkelstein 2001 ("Real-Time Hatching"): layers of strokes
// that tone switches on one by one. Here a layer is a threshold field: white noise, blurred to the
// width of a pencil, smeared along the stroke by a sparse kernel and equalized by tanh. The
// deviation is computed from the kernel, not from the image, so a tile has the values of the
// whole.
#include "engine/image/stylize/hatching.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/noise.h"
#include "engine/image/stylize/rows.h"

namespace sumi::stylize {
namespace {

constexpr int kRun = 32;  // pixels of a row that are summed together
using Eight = float __attribute__((vector_size(32), aligned(4)));

// The kernel of one stroke: a square of odd side, its nonzero weights in sparse form as well.
struct StrokeKernel {
  struct Tap {
    int x, y;
    float weight;
  };
  int reach = 0;
  std::vector<double> dense;  // [side, side]
  std::vector<Tap> taps;

  int side() const { return 2 * reach + 1; }
};

// A Gaussian of sigma .42 length along the stroke, cut at its ends, laid into pixels bilinearly.
StrokeKernel stroke_kernel(float angle, float length) {
  StrokeKernel kernel;
  const int side = static_cast<int>(length) | 1;
  kernel.reach = side / 2;
  kernel.dense.assign(static_cast<std::size_t>(side) * static_cast<std::size_t>(side), 0.0);
  const double radians = angle * std::numbers::pi / 180, dx = std::cos(radians), dy = -std::sin(radians);
  const int steps = 4 * side;
  double sum = 0;
  for (int i = 0; i < steps; ++i) {
    const double t = -kernel.reach + 2.0 * kernel.reach * i / (steps - 1);
    const double weight = std::exp(-0.5 * t * t / (0.42 * side * 0.42 * side));
    const double x = kernel.reach + t * dx, y = kernel.reach + t * dy;
    const int ix = static_cast<int>(std::floor(x)), iy = static_cast<int>(std::floor(y));
    for (int corner = 0; corner < 4; ++corner) {
      const int cx = ix + corner % 2, cy = iy + corner / 2;
      if (cx < 0 || cy < 0 || cx >= side || cy >= side) continue;
      const double share = weight * (1 - std::abs(x - cx)) * (1 - std::abs(y - cy));
      kernel.dense[static_cast<std::size_t>(cy) * static_cast<std::size_t>(side) +
                   static_cast<std::size_t>(cx)] += share;
      sum += share;
    }
  }
  for (int i = 0; i < side * side; ++i) {
    double& weight = kernel.dense[static_cast<std::size_t>(i)];
    weight /= sum;
    if (weight > 0)
      kernel.taps.push_back({i % side - kernel.reach, i / side - kernel.reach, static_cast<float>(weight)});
  }
  return kernel;
}

// Weights of a Gaussian of `sigma` pixels at distances 0 to 3 sigma, which add up to 1 on both
// sides.
std::vector<double> gaussian_weights(double sigma) {
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<double> weights;
  double sum = 0;
  for (int i = 0; i <= reach; ++i) {
    weights.push_back(std::exp(-0.5 * i * i / (sigma * sigma)));
    sum += i == 0 ? 1.0 : 2 * weights.back();
  }
  for (double& w : weights) w /= sum;
  return weights;
}

// Lag-by-lag product of a symmetric kernel with itself: the covariance of blurred white noise of
// variance 1.
double covariance(const std::vector<double>& weights, int lag) {
  const int reach = static_cast<int>(weights.size()) - 1;
  double sum = 0;
  for (int i = -reach; i <= reach; ++i) {
    if (std::abs(i + lag) <= reach)
      sum += weights[static_cast<std::size_t>(std::abs(i))] *
             weights[static_cast<std::size_t>(std::abs(i + lag))];
  }
  return sum;
}

// Deviation of uniform noise in 0..1, blurred by `sigma`, then by the kernel.
double noise_deviation(const StrokeKernel& kernel, double sigma) {
  const std::vector<double> weights = gaussian_weights(sigma);
  const int lags = 2 * static_cast<int>(weights.size()) - 1;
  std::vector<double> by_lag;
  for (int i = 0; i < lags; ++i) by_lag.push_back(covariance(weights, i));
  double sum = 0;
  for (const StrokeKernel::Tap& p : kernel.taps) {
    for (const StrokeKernel::Tap& q : kernel.taps) {
      const int x = std::abs(p.x - q.x), y = std::abs(p.y - q.y);
      if (x < lags && y < lags)
        sum += double{p.weight} * q.weight * by_lag[static_cast<std::size_t>(x)] *
               by_lag[static_cast<std::size_t>(y)];
    }
  }
  return std::sqrt(sum / 12);
}

// Sums of kRun pixels from `from`, each of all taps.
inline void smear(const float* from, const std::vector<std::ptrdiff_t>& offsets,
                  const std::vector<float>& weights, float* to) {
  Eight sums[kRun / 8] = {};
  for (std::size_t k = 0; k < offsets.size(); ++k) {
    const float* p = from + offsets[k];
    for (int i = 0; i < kRun / 8; ++i) {
      Eight x;
      __builtin_memcpy(&x, p + 8 * i, sizeof(x));
      sums[i] += x * weights[k];
    }
  }
  __builtin_memcpy(to, sums, sizeof(sums));
}

}  // namespace

Plane hatching(int width, int height, const HatchLayer& layer, int left, int top) {
  const StrokeKernel kernel = stroke_kernel(layer.angle, layer.length);
  const int border = kernel.reach + static_cast<int>(std::ceil(3 * layer.width)) + 1;
  const int origin =
      static_cast<int>(layer.length * 1.5F) + 4 - border;  // of the noise at the image's first pixel
  const Plane noise = blur(
      white_noise(width + 2 * border + kRun, height + 2 * border, layer.seed, left + origin, top + origin),
      layer.width);
  std::vector<std::ptrdiff_t> offsets;
  std::vector<float> weights;
  for (const StrokeKernel::Tap& tap : kernel.taps) {
    offsets.push_back(static_cast<std::ptrdiff_t>(tap.y) * noise.width() + tap.x);
    weights.push_back(tap.weight);
  }
  const auto slope = static_cast<float>(0.8 / noise_deviation(kernel, layer.width));
  Plane field(width, height);
  for_rows(height, [&, slope, width, border](int begin, int end, int) {
    float run[kRun];
    for (int y = begin; y < end; ++y) {
      const float* from = noise.row(y + border) + border;
      float* to = field.row(y);
      for (int x = 0; x < width; x += kRun) {
        smear(from + x, offsets, weights, run);
        for (int i = 0; i < std::min(kRun, width - x); ++i)
          to[x + i] = 0.5F + 0.5F * tanh_fast(slope * (run[i] - 0.5F));
      }
    }
  });
  return field;
}

}  // namespace sumi::stylize
