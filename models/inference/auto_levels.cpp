#include "models/inference/auto_levels.h"

#include <algorithm>
#include <cmath>

namespace sumi {
namespace {

using Color = std::array<float, 3>;

// The white of D65 and the matrices of sRGB (IEC 61966-2-1).
constexpr float kWhiteX = 0.950456F, kWhiteZ = 1.088754F;

float to_linear(float v) {
  return v <= 0.04045F ? v / 12.92F : std::pow((v + 0.055F) / 1.055F, 2.4F);
}
float from_linear(float v) {
  return v <= 0.0031308F ? v * 12.92F : 1.055F * std::pow(v, 1 / 2.4F) - 0.055F;
}
float lab_root(float t) {
  return t > 0.008856F ? std::cbrt(t) : 7.787F * t + 16.0F / 116;
}
float lab_power(float f) {
  return f > 0.206893F ? f * f * f : (f - 16.0F / 116) / 7.787F;
}

Color to_lab(const Color& rgb) {
  const float r = to_linear(rgb[0]), g = to_linear(rgb[1]), b = to_linear(rgb[2]);
  const float x = lab_root((0.412453F * r + 0.357580F * g + 0.180423F * b) / kWhiteX);
  const float y = lab_root(0.212671F * r + 0.715160F * g + 0.072169F * b);
  const float z = lab_root((0.019334F * r + 0.119193F * g + 0.950227F * b) / kWhiteZ);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}
Color from_lab(const Color& lab) {
  const float fy = (lab[0] + 16) / 116;
  const float x = kWhiteX * lab_power(fy + lab[1] / 500), y = lab_power(fy), z = kWhiteZ * lab_power(fy - lab[2] / 200);
  const Color linear{3.240479F * x - 1.53715F * y - 0.498535F * z, -0.969256F * x + 1.875991F * y + 0.041556F * z,
                     0.055648F * x - 0.204043F * y + 1.057311F * z};
  Color rgb;
  std::transform(linear.begin(), linear.end(), rgb.begin(),
                 [](float v) { return std::clamp(from_linear(std::clamp(v, 0.0F, 1.0F)), 0.0F, 1.0F); });
  return rgb;
}

// The value below which `share` of them lie. Reorders.
float percentile(std::vector<float>& values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

float lightness_of(float red, float green, float blue) {
  const float y = 0.212671F * to_linear(red) + 0.715160F * to_linear(green) + 0.072169F * to_linear(blue);
  return 116 * lab_root(y) - 16;
}

float LevelCurve::operator()(float lightness) const {
  const float stretched = std::clamp(out_middle + (lightness - in_middle) * gain, 0.0F, 100.0F) / 100;
  return 100 * std::pow(stretched, gamma);
}

LevelCurve level_curve(std::vector<float> lightness) {
  constexpr float kDark = 4, kLight = 99.5F, kWay = 0.7F, kMostGain = 1.7F, kWhite = 96;
  constexpr float kAim = 0.55F, kLift = 0.38F, kLeastGamma = 0.62F, kMostGamma = 1.15F;
  if (lightness.empty()) return {};
  const float low = percentile(lightness, 0.005), high = percentile(lightness, 0.995);
  const float median = percentile(lightness, 0.5);
  const float to_low = low + kWay * (std::min(low, kDark) - low), to_high = high + kWay * (std::max(high, kLight) - high);
  LevelCurve curve;
  curve.in_middle = (low + high) / 2;
  curve.gain = std::min(kMostGain, (to_high - to_low) / std::max(high - low, 1.0F));
  // What is white already stays so.
  curve.out_middle = high < kWhite ? (to_low + to_high) / 2 : to_high - curve.gain * (high - low) / 2;
  const float m = std::clamp(curve(median) / 100, 0.08F, 0.92F);
  curve.gamma = std::clamp(std::log(m + kLift * (kAim - m)) / std::log(m), kLeastGamma, kMostGamma);
  return curve;
}

LevelTable::LevelTable(const LevelCurve& curve) {
  const auto at = [](int i) { return static_cast<float>(i) / (kNodes - 1); };
  for (int r = 0; r < kNodes; ++r)
    for (int g = 0; g < kNodes; ++g)
      for (int b = 0; b < kNodes; ++b) {
        Color lab = to_lab({at(r), at(g), at(b)});
        lab[0] = curve(lab[0]);
        nodes_.push_back(from_lab(lab));
      }
}

std::array<float, 3> LevelTable::operator()(float red, float green, float blue) const {
  const Color given{red, green, blue};
  std::array<int, 3> node;
  Color part;
  for (std::size_t i = 0; i < 3; ++i) {
    const float place = std::clamp(given[i], 0.0F, 1.0F) * (kNodes - 1);
    node[i] = std::min(static_cast<int>(place), kNodes - 2);
    part[i] = place - static_cast<float>(node[i]);
  }
  Color sum{};
  for (int corner = 0; corner < 8; ++corner) {
    const int r = corner >> 2, g = (corner >> 1) & 1, b = corner & 1;
    const float weight = (r ? part[0] : 1 - part[0]) * (g ? part[1] : 1 - part[1]) * (b ? part[2] : 1 - part[2]);
    const Color& color = nodes_[static_cast<std::size_t>(((node[0] + r) * kNodes + node[1] + g) * kNodes + node[2] + b)];
    for (std::size_t i = 0; i < 3; ++i) sum[i] += weight * color[i];
  }
  return sum;
}

Image8 auto_levels(const Image8& picture) {
  std::vector<float> lightness;
  const auto level = [&](int x, int y, int c) { return static_cast<float>(picture.at(x, y)[c]) / 255; };
  for (int y = 0; y < picture.height; y += 2)
    for (int x = 0; x < picture.width; x += 2) lightness.push_back(lightness_of(level(x, y, 0), level(x, y, 1), level(x, y, 2)));
  const LevelTable table(level_curve(std::move(lightness)));
  Image8 result = picture;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) {
      const Color color = table(level(x, y, 0), level(x, y, 1), level(x, y, 2));
      for (std::size_t c = 0; c < 3; ++c) result.at(x, y)[c] = static_cast<std::uint8_t>(std::lround(color[c] * 255));
    }
  return result;
}

}  // namespace sumi
