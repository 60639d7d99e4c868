#include "engine/image/stylize/auto_levels.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"

namespace sumi::stylize {
namespace {

constexpr float kMostGain = 1.7F, kLift = 0.38F;
constexpr std::size_t kSamples = 500'000;

float unit_level(std::uint16_t level) {
  return static_cast<float>(level) * (1.0F / 65535);
}

// The value below which `share` of them lie. Reorders.
float percentile(std::vector<float>& values, double share) {
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Color to_lab(float red, float green, float blue) {
  return linear_to_lab(srgb_to_linear(red), srgb_to_linear(green), srgb_to_linear(blue));
}

}  // namespace

LevelCurve picture_curve(const RgbView& image) {
  const std::size_t pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  const std::size_t step = std::max<std::size_t>(pixels / kSamples, 1);
  std::vector<float> lightness;
  for (std::size_t i = 0; i < pixels; i += step) {
    const std::uint16_t* p = image.rgb + 3 * i;
    lightness.push_back(to_lab(unit_level(p[0]), unit_level(p[1]), unit_level(p[2])).x);
  }
  if (lightness.empty()) return {};
  StyleStatistics statistics;
  statistics.low = percentile(lightness, 0.005);
  statistics.high = percentile(lightness, 0.995);
  statistics.median = percentile(lightness, 0.5);
  return level_curve(statistics, kMostGain, kLift);
}

LevelTable::LevelTable(const LevelCurve& curve) {
  const auto at = [](int i) { return static_cast<float>(i) / (kNodes - 1); };
  nodes_.reserve(static_cast<std::size_t>(kPlane) * kNodes);
  for (int r = 0; r < kNodes; ++r)
    for (int g = 0; g < kNodes; ++g)
      for (int b = 0; b < kNodes; ++b) {
        const Color lab = to_lab(at(r), at(g), at(b)), color = lab_to_srgb(curve(lab.x), lab.y, lab.z);
        nodes_.insert(nodes_.end(), {color.x, color.y, color.z});
      }
}

Rgb leveled_rows(const RgbView& image, const LevelTable& table, int first, int rows) {
  Rgb leveled(image.width, rows);
  for_rows(rows, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const std::uint16_t* from =
          image.rgb + 3 * static_cast<std::size_t>(first + y) * static_cast<std::size_t>(image.width);
      for (int x = 0; x < image.width; ++x, from += 3) {
        const Color color = table(unit_level(from[0]), unit_level(from[1]), unit_level(from[2]));
        leveled.red.row(y)[x] = color.x;
        leveled.green.row(y)[x] = color.y;
        leveled.blue.row(y)[x] = color.z;
      }
    }
  });
  return leveled;
}

}  // namespace sumi::stylize
