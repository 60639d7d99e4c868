#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/components.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"

namespace sumi::stylize {

Plane detail_mask(const Front& front, const DetailOptions& options) {
  const int width = front.lab.width(), height = front.lab.height();
  const float s = front.s, dead = options.dead;
  const Lab fine = blur(front.lab, 0.5F * s);
  Plane strong(width, height);
  for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float *fL = fine.L.row(y), *fa = fine.a.row(y), *fb = fine.b.row(y);
      const float *L = front.flat.L.row(y), *a = front.flat.a.row(y), *b = front.flat.b.row(y);
      const float *busy = front.busy.row(y), *skin = front.skin.row(y);
      float* __restrict to = strong.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const float dL = fL[x] - L[x];
        const float e = std::sqrt(square(dL) + 0.7F * square(fa[x] - a[x]) + 0.7F * square(fb[x] - b[x]));
        // Bright flecks must be stronger than dark ones.
        const float zone =
            dead * (1.0F + 1.4F * busy[x]) * (1.0F - 0.38F * skin[x]) * (dL > 0.0F ? 1.45F : 1.0F);
        to[x] = smoothstep(1.0F, 1.9F, e / zone);
      }
    }
  });
  // An opening: flecks one or two pixels wide go, but not dark ones on skin.
  Plane mask = map(
      [](float blurred, float alpha, float skin, float L, float flat) {
        const float opened = smoothstep(0.24F, 0.68F, blurred);
        return mix(opened, alpha, L < flat ? 0.85F * skin : 0.0F);
      },
      blur(strong, 0.8F * s), strong, front.skin, fine.L, front.flat.L);
  const Plane weight = map([](float skin) { return 1.0F + 1.6F * skin; }, front.skin);
  const double area = std::max(8.0, std::floor(double(options.min_area) * s * s));
  return blur(drop_small(mask, area, 0.12F, &weight), 0.7F * s);
}

Lab keep_detail(const Front& front, const Plane& mask) {
  return mixed(front.flat, blur(front.lab, 0.5F * front.s), mask);
}

void lay_texture(Plane& L, const Front& front, const Plane& strokes, float amount, const Window& window) {
  if (strokes.empty()) return;
  change(
      L,
      [amount](float ground, float stroke) {
        const float change = stroke > 0.0F
                                 ? 0.5F * ground
                                 : (0.12F * ground + 12.0F) * (1.0F - smoothstep(35.0F, 60.0F, ground));
        return ground - amount * stroke * change;
      },
      window_plane(front, strokes, window));
}

}  // namespace sumi::stylize
