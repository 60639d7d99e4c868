#include "engine/image/stylize/screen.h"

#include <cmath>
#include <numbers>

#include "engine/image/stylize/rows.h"

namespace sumi::stylize {

Plane dots(int width, int height, const DotScreen& screen, int left, int top) {
  const double angle = double(screen.degrees) * std::numbers::pi / 180;
  const double across = std::cos(angle) / double(screen.pitch), down = std::sin(angle) / double(screen.pitch);
  Plane result(width, height);
  for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      // In double and without its whole part, so that dots far from the corner stay round.
      const double u0 = left * across + (top + y) * down + double(screen.phase_u);
      const double v0 = -left * down + (top + y) * across + double(screen.phase_v);
      const auto u = static_cast<float>(u0 - std::floor(u0)), v = static_cast<float>(v0 - std::floor(v0));
      const auto du = static_cast<float>(across), dv = static_cast<float>(-down);
      float* __restrict to = result.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const float i = static_cast<float>(x);
        const float f = 0.5F - 0.25F * (cos_turns(u + du * i) + cos_turns(v + dv * i));
        // Odd quintic fitted to the distribution of cos + cos (error below 0.02): makes the cover
        // linear.
        const float t = clamp(f, 0.0F, 1.0F), m = 1.0F - 2.0F * t, g = t * (1.0F - t) * m;
        to[x] = t - 1.109F * g + 1.192F * g * m * m;
      }
    }
  });
  return result;
}

}  // namespace sumi::stylize
