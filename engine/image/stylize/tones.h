// Colors of a drawing: cel tones, color script, ink on colored ground.
#pragma once

#include <array>
#include <vector>

#include "engine/image/stylize/math.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// `count` levels of L from the image's own histogram, by Lloyd's rounds on the square root of its
// 101 bins, so that small dark eyes get a level too. Ascending.
std::vector<float> tone_levels(const Plane& L, int count);

// Mean chroma of the pixels that have any; 24, which changes nothing, where hardly one has.
float mean_chroma(const Lab& lab);

// Soft steps between levels, thresholds midway (Winnemoeller, Olsen, Gooch 2006); `sharp`: the
// slope of their steps.
inline float soft_step(float x, float low, float high, float sharp) {
  return (high - low) * (0.5F + 0.5F * tanh_fast(sharp * (x - 0.5F * (low + high))));
}
inline float soft_steps(float x, const float* levels, int count, float sharp) {
  float y = levels[0];
  for (int i = 0; i + 1 < count; ++i) y += soft_step(x, levels[i], levels[i + 1], sharp);
  return y;
}

struct CelOptions {
  float amount = 0.85F;  // of the steps; the rest stays
  float sharp = 0.6F;
  float low = 0.05F, high = 0.5F;  // slopes of L a pixel between which steps become hard
};
// L of `flat` in steps, in place: hard where the image has a slope, soft in skies. `slope`:
// cel_slope.
void cel(Plane& L, const Plane& slope, const std::vector<float>& levels, const CelOptions& options = {});
Plane cel_slope(const Plane& L, float s);

struct GradeOptions {
  float chroma = 1.25F;                      // gain
  std::array<float, 2> shadow{1.5F, -5.0F};  // a and b that darks move by
  std::array<float, 2> light{0.5F, 3.0F};    // twice what lights move by
  float aim = 24, most = 1.45F;              // pale images get up to `most` more
};
// The color script, in place: vivid colors and grays gain little, shadows lean to blue-violet,
// lights to warm. mean_chroma: of the whole image.
void grade(Lab& lab, float mean_chroma, const GradeOptions& options = {});

// A line near black on darks and mid tones and a dark shade of the ground on light ground.
struct InkOptions {
  std::array<float, 3> color{9, 4, -9};
  float tint = 0.75F, opacity = 0.96F;
};
void lay_line(Lab& ground, const Plane& line, float s, const InkOptions& options = {});

}  // namespace sumi::stylize
