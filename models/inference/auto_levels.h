// The curve that brings a photograph's lightness to that of a printed drawing. Comics are light and use their whole range;
// a dark photograph processed as it is gives a muddy drawing. The stylizer sees pictures behind this curve only, in
// training and later, since it is the one step that needs the whole picture.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

// L* of CIE, 0 to 100, of an sRGB color of components in 0..1.
float lightness_of(float red, float green, float blue);

// L in 0..100 to 0..100: stretched from the 0.5 and 99.5 percentiles towards 4..99.5, by a gain of at most 1.7; then a gamma
// that moves the median by .38 of its way to 55.
struct LevelCurve {
  float in_middle = 50, gain = 1, out_middle = 50, gamma = 1;
  float operator()(float lightness) const;
};
// Of the lightness of a picture's pixels, or of every second one. The identity where there are none.
LevelCurve level_curve(std::vector<float> lightness);

// The curve on L*, hue and chroma (a*, b*) as they were, as a table of sRGB colors with trilinear steps between: a
// photograph of 12 megapixels takes tenths of a second.
class LevelTable {
 public:
  explicit LevelTable(const LevelCurve& curve);
  // sRGB components, of any number type, in 0..1.
  std::array<float, 3> operator()(float red, float green, float blue) const;

 private:
  static constexpr int kNodes = 33;
  std::vector<std::array<float, 3>> nodes_;
};

// The picture (RGB) with its own curve.
Image8 auto_levels(const Image8& picture);

}  // namespace sumi
