#include "engine/image/stylize/tones.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/rows.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {
namespace {

constexpr std::size_t kBins = 101;
using Histogram = std::array<double, kBins>;

double middle(std::size_t bin) {
  return static_cast<double>(bin) + 0.5;
}

Histogram root_histogram(const Plane& L) {
  Histogram counts{};
  const float* values = L.data();
  for (std::size_t i = 0; i < L.pixels(); ++i) ++counts[static_cast<std::size_t>(clamp(values[i], 0, 100))];
  for (double& count : counts) count = std::sqrt(count);
  return counts;
}

// One round of Lloyd: each level goes to the mean of what is nearest to it.
void move_levels(std::vector<double>& levels, const Histogram& weights) {
  std::size_t bin = 0;
  std::vector<double> moved = levels;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    double sum = 0, weight = 0;
    for (; bin < kBins && (i + 1 == levels.size() || middle(bin) <= (levels[i] + levels[i + 1]) / 2); ++bin) {
      sum += weights[bin] * middle(bin);
      weight += weights[bin];
    }
    if (weight > 0) moved[i] = sum / weight;
  }
  levels = moved;
}

}  // namespace

std::vector<float> tone_levels(const Plane& L, int count) {
  const Histogram weights = root_histogram(L);
  double total = 0, below = 0;
  for (const double w : weights) total += w;
  std::vector<double> levels;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    below += weights[bin];
    while (static_cast<int>(levels.size()) < count &&
           below >= (static_cast<double>(levels.size()) + 0.5) / count * total)
      levels.push_back(middle(bin));
  }
  while (static_cast<int>(levels.size()) < count) levels.push_back(levels.empty() ? 50 : levels.back());
  for (int round = 0; round < 25; ++round) move_levels(levels, weights);
  return {levels.begin(), levels.end()};
}

float mean_chroma(const Lab& lab) {
  double sum = 0;
  int count = 0;
  for (int y = 0; y < lab.height(); y += 4)
    for (int x = 0; x < lab.width(); x += 4) {
      const float chroma = std::hypot(lab.a.row(y)[x], lab.b.row(y)[x]);
      if (chroma <= 4) continue;
      sum += double(chroma);
      ++count;
    }
  return count > 50 ? static_cast<float>(sum / count) : 24;
}

Plane cel_slope(const Plane& L, float s) {
  return blur(gradient_length(L), 1.5F * s);
}

void cel(Plane& L, const Plane& slope, const std::vector<float>& levels, const CelOptions& options) {
  const float* tones = levels.data();
  const int count = static_cast<int>(levels.size());
  if (count == 0) return;
  const int width = L.width();
  Plane buffers(2 * width, kernels::num_threads());
  for_rows(L.height(), [&, options](int begin, int end, int thread) {
    float* __restrict sharp = buffers.row(thread);
    float* __restrict stepped = sharp + width;
    for (int y = begin; y < end; ++y) {
      float* __restrict row = L.row(y);
      const float* g = slope.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x)
        sharp[x] = options.sharp * (0.2F + smoothstep(options.low, options.high, g[x]));
      std::fill_n(stepped, width, tones[0]);
      // soft_steps(), a step at a time: a loop of unknown length inside would keep pixels from
      // becoming vectors.
      for (int i = 0; i + 1 < count; ++i) {
        const float low = tones[i], high = tones[i + 1];
#pragma omp simd
        for (int x = 0; x < width; ++x) stepped[x] += soft_step(row[x], low, high, sharp[x]);
      }
#pragma omp simd
      for (int x = 0; x < width; ++x) row[x] = mix(row[x], stepped[x], options.amount);
    }
  });
}

void grade(Lab& lab, float mean_chroma, const GradeOptions& options) {
  const float gain = options.chroma * clamp(options.aim / mean_chroma, 1, options.most) - 1;
  const auto [shadow_a, shadow_b] = options.shadow;
  const float light_a = options.light[0] / 2, light_b = options.light[1] / 2;
  const int width = lab.width();
  for_rows(lab.height(), [&, gain, shadow_a = shadow_a, shadow_b = shadow_b](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float* L = lab.L.row(y);
      float* __restrict a = lab.a.row(y);
      float* __restrict b = lab.b.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const float chroma = std::sqrt(a[x] * a[x] + b[x] * b[x]) + 1e-3F;
        const float g =
            1.0F + gain * smoothstep(2.0F, 9.0F, chroma) * (1.0F - 0.8F * smoothstep(40.0F, 90.0F, chroma));
        const float shadow = 1.0F - smoothstep(10.0F, 45.0F, L[x]), light = smoothstep(60.0F, 95.0F, L[x]);
        const float gray = 1.0F - 0.5F * smoothstep(20.0F, 60.0F, chroma);
        a[x] = a[x] * g + (shadow_a * shadow + light_a * light) * gray;
        b[x] =
            b[x] * g + (shadow_b * shadow + light_b * light) * gray * (1.0F - smoothstep(93.0F, 98.0F, L[x]));
      }
    }
  });
}

void lay_line(Lab& ground, const Plane& line, float s, const InkOptions& options) {
  const Lab g = blur(ground, 1.5F * s);
  const int width = ground.width();
  const auto [ink_L, ink_a, ink_b] = options.color;
  for_rows(ground.height(), [&, ink_L = ink_L, ink_a = ink_a, ink_b = ink_b](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float *gL = g.L.row(y), *ga = g.a.row(y), *gb = g.b.row(y), *cover = line.row(y);
      float* __restrict L = ground.L.row(y);
      float* __restrict a = ground.a.row(y);
      float* __restrict b = ground.b.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const float own = smoothstep(50.0F, 85.0F, gL[x]) * options.tint, t = cover[x] * options.opacity;
        L[x] = mix(L[x], mix(ink_L, gL[x] * 0.38F, own), t);
        a[x] = mix(a[x], mix(ink_a, ga[x] * 0.9F, own), t);
        b[x] = mix(b[x], mix(ink_b, gb[x] * 0.9F, own), t);
      }
    }
  });
}

}  // namespace sumi::stylize
