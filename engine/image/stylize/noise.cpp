#include "engine/image/stylize/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"

namespace sumi::stylize {

Plane white_noise(int width, int height, std::uint32_t seed, int left, int top) {
  Plane result(width, height);
  for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      float* __restrict to = result.row(y);
      const auto row = static_cast<std::uint32_t>(top + y);
#pragma omp simd
      for (int x = 0; x < width; ++x) to[x] = hash01(static_cast<std::uint32_t>(left + x), row, seed);
    }
  });
  return result;
}

namespace {

// blur() halves the plane for a wide sigma. Windows agree if their halves do, so they begin at
// multiples of `grid`.
int window_start(int from, int margin, float sigma) {
  int grid = 1;
  for (float rest = sigma; rest > 4; rest /= 2) grid *= 2;
  const int at = from - margin;
  return at - ((at % grid) + grid) % grid;
}

}  // namespace

// With a margin of real noise in the place of reflected one, so that windows agree.
Plane smooth_noise(int width, int height, float sigma, std::uint32_t seed, int left, int top) {
  const int margin = sigma < 0.15F ? 0 : static_cast<int>(std::ceil(3 * sigma)) + 8;
  const int first_x = window_start(left, margin, sigma), first_y = window_start(top, margin, sigma);
  const int before_x = left - first_x, before_y = top - first_y;
  const Plane noise =
      white_noise(before_x + width + margin, before_y + height + margin, seed, first_x, first_y);
  const Plane wide = blur(noise, sigma);
  const float scale =
      std::sqrt(12.0F) / blurred_deviation(sigma);  // uniform noise has a deviation of 1 / sqrt(12)
  Plane result(width, height);
  for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float* from = wide.row(y + before_y) + before_x;
      float* __restrict to = result.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) to[x] = (from[x] - 0.5F) * scale;
    }
  });
  return result;
}

Plane paper(int width, int height, float s, std::uint32_t seed, int left, int top) {
  constexpr std::array<std::pair<float, float>, 3> octaves{{{0.6F, 0.5F}, {1.4F, 0.35F}, {4.0F, 0.25F}}};
  Plane result(width, height, 0.0F);
  for (std::uint32_t k = 0; k < octaves.size(); ++k) {
    const Plane noise =
        smooth_noise(width, height, octaves[k].first * std::max(s, 0.5F), seed + k, left, top);
    const float amount = octaves[k].second * 0.6F;
    for_rows(height, [&](int begin, int end, int) {
      for (int y = begin; y < end; ++y) {
        const float* from = noise.row(y);
        float* __restrict to = result.row(y);
#pragma omp simd
        for (int x = 0; x < width; ++x) to[x] += amount * from[x];
      }
    });
  }
  return result;
}

}  // namespace sumi::stylize
