// The level curve of the styles (front.h) as a table of colors, for the stylizer. The network's
// inputs always have this curve applied, in training and in conversion: it is the only step that
// needs the whole image.
#pragma once

#include <array>
#include <vector>

#include "engine/image/stylize/color.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// The curve of an image, from half a million of its pixels at most.
LevelCurve picture_curve(const RgbView& image);

// The curve on L*, hue and chroma (a*, b*) as they were, as a table of sRGB colors with trilinear
// steps between.
class LevelTable {
 public:
  explicit LevelTable(const LevelCurve& curve);
  // Maps sRGB in 0..1.
  Color operator()(float red, float green, float blue) const {
    const float r = place(red), g = place(green), b = place(blue);
    const int i = node(r), j = node(g), k = node(b);
    const float u = r - static_cast<float>(i), v = g - static_cast<float>(j), w = b - static_cast<float>(k);
    const float* at = nodes_.data() + 3 * ((i * kNodes + j) * kNodes + k);
    Color color{};
    float* to[] = {&color.x, &color.y, &color.z};
    for (int c = 0; c < 3; ++c) {
      const float* p = at + c;
      const float low = mix(mix(p[0], p[3], w), mix(p[kRow], p[kRow + 3], w), v);
      const float high =
          mix(mix(p[kPlane], p[kPlane + 3], w), mix(p[kPlane + kRow], p[kPlane + kRow + 3], w), v);
      *to[c] = mix(low, high, u);
    }
    return color;
  }

 private:
  static constexpr int kNodes = 33, kRow = 3 * kNodes, kPlane = kRow * kNodes;
  static float place(float v) { return clamp(v, 0.0F, 1.0F) * (kNodes - 1); }
  static int node(float p) {
    const int i = static_cast<int>(p);
    return i < kNodes - 2 ? i : kNodes - 2;
  }
  std::vector<float> nodes_;  // [red, green, blue, 3]
};

// Rows [first, first + rows) of the image with the table applied, in 0..1.
Rgb leveled_rows(const RgbView& image, const LevelTable& table, int first, int rows);

}  // namespace sumi::stylize
