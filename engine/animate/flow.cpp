#include "engine/animate/flow.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "engine/animate/bicubic.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"

namespace sumi::animate {
namespace {

constexpr double kUsualPeriod = 2;  // seconds

// A copy that has drifted by (dx, dy) pixels, and how much of it is seen.
struct Phase {
  float dx, dy, share;
};

Phase phase_at(const FlowRegion& region, int width, double turns, double period) {
  const double t = turns - std::floor(turns);
  const double way = (t - 0.5) * period * region.speed * width;
  const double angle = region.degrees * std::numbers::pi / 180;
  const double share = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * t);
  return {static_cast<float>(way * std::cos(angle)), static_cast<float>(-way * std::sin(angle)),
          static_cast<float>(share)};
}

}  // namespace

double flow_period(double seconds) {
  return seconds / std::max(std::round(seconds / kUsualPeriod), 1.0);
}

Photo flowing(const Photo& picture, const FlowRegion& region, double time, double period) {
  const int width = picture.width, height = picture.height;
  const Phase phases[2] = {phase_at(region, width, time / period, period),
                           phase_at(region, width, time / period + 0.5, period)};
  Photo result = picture;
  stylize::for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y)
      for (int x = 0; x < width; ++x) {
        const float inside = region.mask.row(y)[x];
        if (inside <= 0) continue;
        float sum[3] = {}, total = 0;
        for (const Phase& phase : phases) {
          const float from_x = static_cast<float>(x) - phase.dx, from_y = static_cast<float>(y) - phase.dy;
          float mask[1], color[3];
          sample_cubic<1>(region.mask.data(), width, height, from_x, from_y, mask);
          const float share = phase.share * stylize::clamp(mask[0], 0, 1);
          if (share <= 0) continue;
          sample_cubic<3>(picture.rgb.data(), width, height, from_x, from_y, color);
          for (int c = 0; c < 3; ++c) sum[c] += share * color[c];
          total += share;
        }
        if (total <= 0) continue;
        // Where hardly anything of the region drifts in, the still shows through.
        const float shown = inside * stylize::smoothstep(0, 0.25F, total);
        const std::size_t at =
            3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
        for (std::size_t c = 0; c < 3; ++c) {
          const float still = picture.rgb[at + c], moving = sum[c] / total;
          result.rgb[at + c] =
              static_cast<std::uint16_t>(stylize::clamp(stylize::mix(still, moving, shown), 0, 65535) + 0.5F);
        }
      }
  });
  return result;
}

}  // namespace sumi::animate
