#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {
namespace {

constexpr int kChunk = 256;  // columns at once: all their sums stay in the first cache

struct LabRow {
  const float *L, *a, *b;
  LabRow operator+(int i) const { return {L + i, a + i, b + i}; }
};
LabRow row_of(const Lab& x, int y) {
  return {x.L.row(y), x.a.row(y), x.b.row(y)};
}

struct Sums {
  float L[kChunk], a[kChunk], b[kChunk], weight[kChunk];
  float steep[kChunk];  // of the range's Gaussian
};

// Adds the two neighbors at one distance. exp(-d^2 / (2 range^2)) times their weight is 2^(distance
// - steep d^2).
inline void add_neighbors(Sums& sums, const LabRow& guide, const LabRow& left, const LabRow& left_guide,
                          const LabRow& right, const LabRow& right_guide, float distance, int count) {
#pragma omp simd
  for (int x = 0; x < count; ++x) {
    const float L = guide.L[x], a = guide.a[x], b = guide.b[x];
    const float d1 =
        0.6F * square(left_guide.L[x] - L) + square(left_guide.a[x] - a) + square(left_guide.b[x] - b);
    const float d2 =
        0.6F * square(right_guide.L[x] - L) + square(right_guide.a[x] - a) + square(right_guide.b[x] - b);
    const float w1 = exp2_fast(distance - sums.steep[x] * d1), w2 = exp2_fast(distance - sums.steep[x] * d2);
    sums.L[x] += w1 * left.L[x] + w2 * right.L[x];
    sums.a[x] += w1 * left.a[x] + w2 * right.a[x];
    sums.b[x] += w1 * left.b[x] + w2 * right.b[x];
    sums.weight[x] += w1 + w2;
  }
}

// One pass for one row: neighbor(sign * k) gives {source, guide} at that many taps.
template <class Neighbor>
inline void filter_row(Lab& result, int y, const LabRow& source, const LabRow& guide,
                       const BilateralOptions& options, const Neighbor& neighbor) {
  const float steep = 1.44269504F / (2 * options.range_sigma * options.range_sigma);
  const int width = result.width();
  Sums sums;
  for (int begin = 0; begin < width; begin += kChunk) {
    const int count = std::min(kChunk, width - begin);
    std::copy_n(source.L + begin, count, sums.L);
    std::copy_n(source.a + begin, count, sums.a);
    std::copy_n(source.b + begin, count, sums.b);
    std::fill_n(sums.weight, count, 1.0F);
    if (options.faint) {
      const float* faint = options.faint->row(y) + begin;
#pragma omp simd
      for (int x = 0; x < count; ++x) sums.steep[x] = steep / (faint[x] * faint[x]);
    } else {
      std::fill_n(sums.steep, count, steep);
    }
    for (int k = 1; k <= options.radius; ++k) {
      const auto spread = static_cast<float>(k) / (0.6F * static_cast<float>(options.radius));
      const auto left = neighbor(-k), right = neighbor(k);
      add_neighbors(sums, guide + begin, left.first + begin, left.second + begin, right.first + begin,
                    right.second + begin, -0.5F * 1.44269504F * spread * spread, count);
    }
    float* __restrict L = result.L.row(y) + begin;
    float* __restrict a = result.a.row(y) + begin;
    float* __restrict b = result.b.row(y) + begin;
#pragma omp simd
    for (int x = 0; x < count; ++x) {
      const float scale = 1.0F / sums.weight[x];
      L[x] = sums.L[x] * scale;
      a[x] = sums.a[x] * scale;
      b[x] = sums.b[x] * scale;
    }
  }
}

Lab filter_columns(const Lab& source, const Lab& guide, const BilateralOptions& options) {
  const int height = source.height();
  Lab result(source.width(), height);
  for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y)
      filter_row(result, y, row_of(source, y), row_of(guide, y), options, [&](int k) {
        const int other = reflect(y + k * options.step, height);
        return std::pair(row_of(source, other), row_of(guide, other));
      });
  });
  return result;
}

Lab filter_rows(const Lab& source, const Lab& guide, const BilateralOptions& options) {
  const int width = source.width(), margin = options.radius * options.step, stride = width + 2 * margin;
  Lab result(width, source.height());
  Plane scratch(6 * stride, kernels::num_threads());
  for_rows(source.height(), [&](int begin, int end, int thread) {
    float* rows = scratch.row(thread) + margin;
    const auto padded = [&](int index, const float* from) {
      float* to = rows + index * stride;
      std::copy_n(from, width, to);
      for (int i = 1; i <= margin; ++i) {
        to[-i] = from[reflect(-i, width)];
        to[width - 1 + i] = from[reflect(width - 1 + i, width)];
      }
      return to;
    };
    for (int y = begin; y < end; ++y) {
      const LabRow s = row_of(source, y), g = row_of(guide, y);
      const LabRow from{padded(0, s.L), padded(1, s.a), padded(2, s.b)};
      const LabRow by{padded(3, g.L), padded(4, g.a), padded(5, g.b)};
      filter_row(result, y, from, by, options,
                 [&](int k) { return std::pair(from + k * options.step, by + k * options.step); });
    }
  });
  return result;
}

// Pixels from tap to tap.
int step_of(float pixels) {
  return std::max(1, static_cast<int>(std::lround(pixels)));
}

struct RollingOptions {
  int iterations = 3, radius = 5, step = 1;
  float range_sigma = 6.5F, plain_sigma = 0.8F, tex_sigma = 2.6F;
  const Plane* faint = nullptr;
};

// The first guide is blurred more where `tex` is high: texture is lost at the first step and cannot
// come back, plain edges come back sharp.
Lab roll(const Lab& lab, float s, const Plane& tex, const RollingOptions& options) {
  Lab guide = mixed(blur(lab, options.plain_sigma * s), blur(lab, options.tex_sigma * s), tex);
  Lab source = mixed(lab, blur(lab, 1.6F * s), tex);
  for (int i = 0; i < options.iterations; ++i) {
    guide = joint_bilateral(source, guide,
                            {options.radius, options.step, options.range_sigma * (i == 0 ? 1.35F : 1.0F),
                             i % 2 == 0, options.faint});
    if (i + 1 == options.iterations) break;
    // Half rolling guidance, half iterated bilateral filter.
    const auto half = [](float a, float b) { return 0.5F * (a + b); };
    change(source.L, half, guide.L);
    change(source.a, half, guide.a);
    change(source.b, half, guide.b);
  }
  return guide;
}

// The flattened image of another size, with the edges of the image itself.
Lab sharpened(const Lab& flat, const Lab& fine, const Plane& tex, float s) {
  const Plane amount = map([](float t) { return clamp(0.20F + 0.75F * t, 0.0F, 1.0F); }, tex);
  return joint_bilateral(flat, mixed(fine, flat, amount), {4, step_of(s), 7, true});
}

}  // namespace

Lab joint_bilateral(const Lab& source, const Lab& guide, const BilateralOptions& options) {
  if (options.rows_first) return filter_columns(filter_rows(source, guide, options), guide, options);
  return filter_rows(filter_columns(source, guide, options), guide, options);
}

Lab flatten(const Lab& lab, float s, const Plane& tex, float range_sigma, const Plane* faint) {
  const int width = lab.width(), height = lab.height();
  if (std::min(width, height) < 300)
    return roll(lab, s, tex, {3, 5, step_of(1.25F * s), range_sigma, 0.8F, 2.6F, faint});
  const Plane half_faint = faint ? halve(*faint) : Plane();
  const Lab small = roll(halve(lab), s / 2, halve(tex),
                         {3, 6, step_of(0.5F * s), range_sigma, 0.6F, 2.4F, faint ? &half_faint : nullptr});
  return sharpened(resize_linear(small, width, height), blur(lab, 0.55F * s), tex, s);
}

Lab window_lab(const Front& front, const Window& window) {
  if (front.reduction == 1)
    return {crop_rows(front.lab.L, window.first, window.rows),
            crop_rows(front.lab.a, window.first, window.rows),
            crop_rows(front.lab.b, window.first, window.rows)};
  Lab lab = to_lab(front.image, window.first, window.rows);
  apply_levels(lab.L, front.curve);
  return lab;
}

Lab window_flat(const Front& front, const Window& window, const Plane* mask) {
  const Lab fine = blur(window_lab(front, window), 0.5F * front.full_s);
  Lab flat = resize_linear(front.flat, window.width, window.height, window.first, window.rows);
  if (front.reduction > 1) flat = sharpened(flat, fine, window_plane(front, front.tex, window), front.full_s);
  return mask ? mixed(flat, fine, window_plane(front, *mask, window)) : std::move(flat);
}

Plane window_plane(const Front&, const Plane& x, const Window& window) {
  return resize_linear(x, window.width, window.height, window.first, window.rows);
}

Plane window_line(const Front& front, const Plane& x, const Window& window) {
  if (front.reduction == 1) return window_plane(front, x, window);
  // Smoothed first, so that the steps of its small pixels do not show, then as steep as it was.
  Plane line = resize_cubic(blur(x, 0.7F), window.width, window.height, window.first, window.rows);
  const float steep = 1.25F + 0.4F * static_cast<float>(front.reduction - 1);
  change(line, [steep](float v) { return clamp((v - 0.45F) * steep + 0.5F, 0.0F, 1.0F); });
  return line;
}

}  // namespace sumi::stylize
