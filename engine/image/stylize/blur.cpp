#include "engine/image/stylize/blur.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {
namespace {

constexpr float kDirect = 4.0F, kDirectMask = 2.0F;  // the largest sigma that is summed directly
// Variance, in pixels of the full size, of a mean of two pixels, and of drawing straight lines
// between pixels two apart.
constexpr float kHalvingVariance = 0.25F, kEnlargingVariance = 0.5F;

// weights[0] of the middle, weights[i] of the two pixels at distance i.
std::vector<float> gaussian(float sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<float> weights;
  double sum = 0;
  for (int i = 0; i <= radius; ++i) {
    const double w = std::exp(-0.5 * (i / double(sigma)) * (i / double(sigma)));
    weights.push_back(static_cast<float>(w));
    sum += i == 0 ? w : 2 * w;
  }
  for (float& w : weights) w = static_cast<float>(w / sum);
  return weights;
}

// sums[x] += w (a[x] + b[x]), two pairs of rows at a time.
inline void add_pair(float* __restrict sums, const float* a, const float* b, float w, int count) {
#pragma omp simd
  for (int x = 0; x < count; ++x) sums[x] += w * (a[x] + b[x]);
}
inline void add_pairs(float* __restrict sums, const float* a, const float* b, float w, const float* c,
                      const float* d, float v, int count) {
#pragma omp simd
  for (int x = 0; x < count; ++x) sums[x] += w * (a[x] + b[x]) + v * (c[x] + d[x]);
}

// The weighted sum of pixels at distances of `weights`, of which `pixel(i)` is a row: i from
// -radius to radius.
template <class Pixel>
inline void weighted(float* __restrict sums, const std::vector<float>& weights, int count,
                     const Pixel& pixel) {
  const float* middle = pixel(0);
  const float w0 = weights[0];
#pragma omp simd
  for (int x = 0; x < count; ++x) sums[x] = w0 * middle[x];
  const int radius = static_cast<int>(weights.size()) - 1;
  int i = 1;
  for (; i + 1 <= radius; i += 2)
    add_pairs(sums, pixel(-i), pixel(i), weights[static_cast<std::size_t>(i)], pixel(-i - 1), pixel(i + 1),
              weights[static_cast<std::size_t>(i) + 1], count);
  if (i == radius) add_pair(sums, pixel(-i), pixel(i), weights[static_cast<std::size_t>(i)], count);
}

Plane blur_directly(const Plane& x, float sigma) {
  const std::vector<float> weights = gaussian(sigma);
  const int width = x.width(), height = x.height(), radius = static_cast<int>(weights.size()) - 1;
  Plane result(width, height), rows(width + 2 * radius, kernels::num_threads());
  for_rows(height, [&](int begin, int end, int thread) {
    float* padded = rows.row(thread);
    float* row = padded + radius;
    for (int y = begin; y < end; ++y) {
      weighted(row, weights, width, [&](int i) { return x.row(reflect(y + i, height)); });
      for (int i = 1; i <= radius; ++i) {
        row[-i] = row[reflect(-i, width)];
        row[width - 1 + i] = row[reflect(width - 1 + i, width)];
      }
      weighted(result.row(y), weights, width, [=](int i) { return row + i; });
    }
  });
  return result;
}

// Halved while sigma is above `direct`.
Plane blur_halved(const Plane& x, float sigma, float direct) {
  if (sigma < 0.15F || x.pixels() == 0) return x.copy();
  if (sigma <= direct || std::min(x.width(), x.height()) < 16) return blur_directly(x, sigma);
  const float rest = std::sqrt(sigma * sigma - kHalvingVariance - kEnlargingVariance) / 2;
  return double_linear(blur_halved(halve_exact(x), rest, direct), x.width(), x.height());
}

}  // namespace

Plane blur(const Plane& x, float sigma) {
  return blur_halved(x, sigma, kDirect);
}

Plane blur_mask(const Plane& x, float sigma) {
  return blur_halved(x, sigma, kDirectMask);
}

Lab blur(const Lab& x, float sigma) {
  return {blur(x.L, sigma), blur(x.a, sigma), blur(x.b, sigma)};
}

float blurred_deviation(float sigma) {
  if (sigma < 0.15F) return 1;
  const std::vector<float> weights = gaussian(sigma);
  float sum = weights[0] * weights[0];
  for (std::size_t i = 1; i < weights.size(); ++i) sum += 2 * weights[i] * weights[i];
  return sum;  // the square root of its square: one factor for rows and one for columns
}

Plane dilate(const Plane& x) {
  const int width = x.width(), height = x.height();
  Plane result(width, height), rows(width + 2, kernels::num_threads());
  for_rows(height, [&](int begin, int end, int thread) {
    float* __restrict row = rows.row(thread) + 1;
    for (int y = begin; y < end; ++y) {
      const float* above = x.row(std::max(y - 1, 0));
      const float* middle = x.row(y);
      const float* below = x.row(std::min(y + 1, height - 1));
#pragma omp simd
      for (int i = 0; i < width; ++i) row[i] = std::max(std::max(above[i], middle[i]), below[i]);
      row[-1] = row[0];
      row[width] = row[width - 1];
      float* __restrict to = result.row(y);
#pragma omp simd
      for (int i = 0; i < width; ++i) to[i] = std::max(std::max(row[i - 1], row[i]), row[i + 1]);
    }
  });
  return result;
}

}  // namespace sumi::stylize
