#include "engine/page/dots.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/image/stylize/screen.h"

namespace sumi::page {
namespace {

constexpr int kBand = 64;            // rows at a time
constexpr float kMostCover = 0.62F;  // of the dots; darker shades stay even
constexpr float kDark = 0.42F;       // the dots' share of the shade's light
constexpr float kSolid = 0.16F;      // light below which a pixel is ink and stays as it is

}  // namespace

void lay_dots(std::vector<std::uint8_t>& rgb, int width, int height, int left, int top, double pitch) {
  const stylize::DotScreen screen{.pitch = static_cast<float>(pitch), .degrees = 45};
  const float soft = 1 / static_cast<float>(pitch);
  for (int first = 0; first < height; first += kBand) {
    const int rows = std::min(kBand, height - first);
    const stylize::Plane field = stylize::dots(width, rows, screen, left, top + first);
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < width; ++x) {
        std::uint8_t* pixel =
            rgb.data() + 3 * (static_cast<std::size_t>(first + y) * static_cast<std::size_t>(width) +
                              static_cast<std::size_t>(x));
        const float light = (0.299F * pixel[0] + 0.587F * pixel[1] + 0.114F * pixel[2]) / 255;
        const float cover =
            std::min(kMostCover, 0.75F * (1 - light)) * std::clamp((light - kSolid) / 0.12F, 0.0F, 1.0F);
        const float ink = stylize::screened(cover, field.row(y)[x], soft);
        // The ground is lighter by as much as the dots are darker, so that the mean stays.
        const float ground = std::min((1 - kDark * cover) / (1 - cover), 1 / std::max(light, 1e-3F));
        for (int c = 0; c < 3; ++c) {
          const float shade = static_cast<float>(pixel[c]);
          const float lit = std::min(255.0F, shade * ground), dark = shade * kDark;
          pixel[c] = static_cast<std::uint8_t>(std::lround(lit + ink * (dark - lit)));
        }
      }
  }
}

}  // namespace sumi::page
