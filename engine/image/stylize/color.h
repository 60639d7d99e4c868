// sRGB to CIE L*a*b* and back. White is D65 (0.950456, 1, 1.088754).
#pragma once

#include <cstdint>

#include "engine/image/stylize/math.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// An upright image: [height, width, 3] sRGB, 0 to 65535 (an 8-bit level v is 257 v). Not owned.
struct RgbView {
  int width = 0, height = 0;
  const std::uint16_t* rgb = nullptr;
};

// Length of the short side in 512 pixels: every length of a filter is in pixels at scale 1, and is
// multiplied by it.
inline float side_scale(int width, int height) {
  return static_cast<float>(width < height ? width : height) / 512.0F;
}

// Rows [first, first + rows) of the image; rows 0: all.
Lab to_lab(const RgbView& image, int first = 0, int rows = 0);

// Clamped to 0..1.
Rgb to_rgb(const Lab& lab);
Lab to_lab(const Rgb& rgb);

// Stores 16-bit levels, [height, width, 3].
void store_rgb(const Rgb& from, std::uint16_t* to);

// Conversions of one pixel.
inline float srgb_to_linear(float v) {
  const float low = v * (1.0F / 12.92F), high = pow_fast((v + 0.055F) * (1.0F / 1.055F), 2.4F);
  return v <= 0.04045F ? low : high;
}
inline float linear_to_srgb(float v) {
  // x^(5/12) = x^(1/4) x^(1/6)
  const float root = std::sqrt(v > 0.0F ? v : 0.0F);
  const float low = v * 12.92F, high = 1.055F * (std::sqrt(root) * cbrt_fast(root)) - 0.055F;
  return v <= 0.0031308F ? low : high;
}
struct Color {
  float x, y, z;
};
inline Color linear_to_lab(float r, float g, float b) {
  const auto f = [](float t) {
    const float low = 7.787F * t + 16.0F / 116.0F, high = cbrt_fast(t);
    return t > 0.008856F ? high : low;
  };
  const float x = f((0.412453F * r + 0.357580F * g + 0.180423F * b) * (1.0F / 0.950456F));
  const float y = f(0.212671F * r + 0.715160F * g + 0.072169F * b);
  const float z = f((0.019334F * r + 0.119193F * g + 0.950227F * b) * (1.0F / 1.088754F));
  return {116.0F * y - 16.0F, 500.0F * (x - y), 200.0F * (y - z)};
}
// sRGB, clamped to 0..1.
inline Color lab_to_srgb(float L, float a, float b) {
  const auto g = [](float f) {
    const float low = (f - 16.0F / 116.0F) * (1.0F / 7.787F), high = f * f * f;
    return f > 0.206893F ? high : low;
  };
  const float fy = (clamp(L, 0.0F, 100.0F) + 16.0F) * (1.0F / 116.0F);
  const float x = 0.950456F * g(fy + a * 0.002F), y = g(fy), z = 1.088754F * g(fy - b * 0.005F);
  return {clamp(linear_to_srgb(3.240479F * x - 1.53715F * y - 0.498535F * z), 0.0F, 1.0F),
          clamp(linear_to_srgb(-0.969256F * x + 1.875991F * y + 0.041556F * z), 0.0F, 1.0F),
          clamp(linear_to_srgb(0.055648F * x - 0.204043F * y + 1.057311F * z), 0.0F, 1.0F)};
}

}  // namespace sumi::stylize
