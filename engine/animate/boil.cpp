#include "engine/animate/boil.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "engine/animate/bicubic.h"
#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"

namespace sumi::animate {
namespace {

using stylize::Plane;

constexpr float kSide = 360;                       // short side that the lengths below are for
constexpr float kWave = 28, kDisplacement = 1.3F;  // pixels
constexpr float kSwell = 0.18F;                    // of the threshold
constexpr float kInFaces = 0.5F;
constexpr float kMost = 2.5F;  // deviations; larger random values are cut off
// A line has this much cover, and a difference of this many 16-bit levels.
constexpr float kLeastCover = 0.06F, kLeastDifference = 6 * 257.0F;

float side_of(int width, int height) {
  return static_cast<float>(std::min(width, height));
}

std::uint32_t mixed_seed(std::uint64_t seed, std::uint32_t number) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (number + 1);  // splitmix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::uint32_t>(z ^ (z >> 31));
}

// Normal values (Box and Muller 1958), one for each kWave pixels, enlarged by cubics.
Plane smooth_normal(int width, int height, float amount, std::uint32_t seed) {
  const float wave = std::max(kWave * side_of(width, height) / kSide, 2.0F);
  const auto count = [&](int size) {
    return static_cast<int>(std::ceil(static_cast<float>(size) / wave)) + 1;
  };
  Plane nodes(count(width), count(height));
  for (int y = 0; y < nodes.height(); ++y)
    for (int x = 0; x < nodes.width(); ++x) {
      const auto column = static_cast<std::uint32_t>(x), row = static_cast<std::uint32_t>(y);
      const float u = std::max(stylize::hash01(column, row, seed), 1e-7F);
      const float v = stylize::hash01(column, row, seed ^ 0x5bd1e995U);
      const float normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi_v<float> * v);
      nodes.row(y)[x] = amount * stylize::clamp(normal, -kMost, kMost);
    }
  return resize_cubic(nodes, width, height);
}

float least_of(LineScale scale) {
  if (scale == LineScale::cover) return kLeastCover;
  if (scale == LineScale::difference) return kLeastDifference;
  return (2 + std::log(kLeastCover / (1 - kLeastCover))) / 4;  // 4 x - 2 = logit(cover)
}

// Largest value of the (2 radius + 1)^2 pixels around each: along rows, then along columns.
Plane spread(const Plane& x, int radius) {
  Plane rows(x.width(), x.height()), all(x.width(), x.height());
  stylize::for_rows(x.height(), [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y)
      for (int i = 0; i < x.width(); ++i) {
        const int first = std::max(i - radius, 0), last = std::min(i + radius, x.width() - 1);
        rows.row(y)[i] = *std::max_element(x.row(y) + first, x.row(y) + last + 1);
      }
  });
  stylize::for_rows(x.height(), [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      float* to = all.row(y);
      const int first = std::max(y - radius, 0), last = std::min(y + radius, x.height() - 1);
      std::copy_n(rows.row(first), x.width(), to);
      for (int k = first + 1; k <= last; ++k)
        for (int i = 0; i < x.width(); ++i) to[i] = std::max(to[i], rows.row(k)[i]);
    }
  });
  return all;
}

}  // namespace

BoilField boil_field(int width, int height, int moment, const BoilOptions& options) {
  const auto number = [&](int which) { return static_cast<std::uint32_t>(3 * moment + which); };
  const float pixels = kDisplacement * options.amount * side_of(width, height) / kSide;
  BoilField field{smooth_normal(width, height, pixels, mixed_seed(options.seed, number(0))),
                  smooth_normal(width, height, pixels, mixed_seed(options.seed, number(1))),
                  smooth_normal(width, height, options.amount, mixed_seed(options.seed, number(2)))};
  if (!options.calm || options.calm->empty()) return field;
  const Plane calm = resize_linear(*options.calm, width, height);
  for (Plane* plane : {&field.dx, &field.dy, &field.swell})
    change(
        *plane,
        [](float x, float face) { return x * (1.0F - (1.0F - kInFaces) * stylize::clamp(face, 0, 1)); },
        calm);
  return field;
}

Plane calmed_hand(const Plane& still, const Plane& drawn, const Plane* calm) {
  if (!calm || calm->empty()) return drawn.copy();
  return map(
      [](float own, float other, float face) {
        return other + (own - other) * ((1.0F - kInFaces) * stylize::clamp(face, 0, 1));
      },
      still, drawn, resize_linear(*calm, still.width(), still.height()));
}

Plane line_reach(const Plane& line, LineScale scale) {
  const float least = least_of(scale);
  const Plane inked = scale == LineScale::difference
                          ? map([least](float x) { return std::fabs(x) >= least ? 1.0F : 0.0F; }, line)
                          : map([least](float x) { return x >= least ? 1.0F : 0.0F; }, line);
  const float pixels = kDisplacement * side_of(line.width(), line.height()) / kSide;
  const int radius = static_cast<int>(std::ceil(kMost * pixels)) + 2, soft = std::max(radius / 2, 1);
  // The mean of a spread over `soft` pixels more: 1 within `radius`, 0 beyond radius + 2 soft.
  const Plane wide = spread(inked, radius + soft);
  Plane result(line.width(), line.height());
  stylize::for_rows(line.height(), [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y)
      for (int x = 0; x < line.width(); ++x) {
        float sum = 0;
        int count = 0;
        for (int v = std::max(y - soft, 0); v <= std::min(y + soft, line.height() - 1); v += soft)
          for (int u = std::max(x - soft, 0); u <= std::min(x + soft, line.width() - 1); u += soft) {
            sum += wide.row(v)[u];
            ++count;
          }
        result.row(y)[x] = sum == static_cast<float>(count) ? 1.0F : sum / static_cast<float>(count);
      }
  });
  return result;
}

Plane line_reach(const std::vector<Plane>& hands, LineScale scale) {
  Plane any = hands.front().copy();
  for (const Plane& line : hands)
    change(
        any, [](float a, float b) { return a > b ? a : b; }, line);
  return line_reach(any, scale);
}

Plane boiled(const Plane& line, const Plane& drawn, const BoilField& field, const Plane& reach,
             LineScale scale) {
  Plane result = line.copy();
  stylize::for_rows(line.height(), [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y)
      for (int x = 0; x < line.width(); ++x) {
        const float share = reach.row(y)[x];
        if (share == 0) continue;
        float moved[1];
        sample_cubic<1>(drawn.data(), line.width(), line.height(), static_cast<float>(x) + field.dx.row(y)[x],
                        static_cast<float>(y) + field.dy.row(y)[x], moved);
        const float swell = kSwell * field.swell.row(y)[x];
        float z = moved[0];
        if (scale == LineScale::logit) {
          z += swell;  // as below: the cover is a sigmoid of 4 x, whose slope is 4 z (1 - z)
        } else if (scale == LineScale::cover) {
          z = stylize::clamp(z, 0.0F, 1.0F);
          z = stylize::clamp(z + 4 * swell * z * (1 - z), 0.0F, 1.0F);
        } else {
          z *= 1 + 0.7F * swell;
        }
        const float still = line.row(y)[x];
        result.row(y)[x] = share == 1 ? z : still + share * (z - still);
      }
  });
  return result;
}

}  // namespace sumi::animate
