#include "engine/image/drawn_lines.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/error.h"

namespace sumi {
namespace {

constexpr double kFaintest = 0.25, kFull = 0.7;  // shares of the paint's light that are missing

// The extreme of the pixels within `radius` along rows (step 1) or columns (step `width`).
template <class Extreme>
Image8 extreme_along(const Image8& x, int radius, bool rows, const Extreme& extreme) {
  Image8 y = x;
  const int length = rows ? x.width : x.height, lines = rows ? x.height : x.width;
  for (int line = 0; line < lines; ++line)
    for (int i = 0; i < length; ++i) {
      const auto at = [&](int k) { return rows ? *x.at(k, line) : *x.at(line, k); };
      std::uint8_t best = at(i);
      for (int k = std::max(0, i - radius); k <= std::min(length - 1, i + radius); ++k)
        best = extreme(best, at(k));
      *(rows ? y.at(i, line) : y.at(line, i)) = best;
    }
  return y;
}

Image8 closing(const Image8& gray, int radius) {
  const auto most = [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); };
  const auto least = [](std::uint8_t a, std::uint8_t b) { return std::min(a, b); };
  const Image8 wide = extreme_along(extreme_along(gray, radius, true, most), radius, false, most);
  return extreme_along(extreme_along(wide, radius, true, least), radius, false, least);
}

}  // namespace

Image8 drawn_lines(const Image8& gray, int radius) {
  if (gray.channels != 1) fail("drawn lines", "take a gray image");
  const Image8 paint = closing(gray, radius);
  Image8 lines = gray;
  for (std::size_t i = 0; i < lines.data.size(); ++i) {
    const double missing = 1 - gray.data[i] / std::max(1.0, static_cast<double>(paint.data[i]));
    const double alpha = std::clamp((missing - kFaintest) / (kFull - kFaintest), 0.0, 1.0);
    lines.data[i] = static_cast<std::uint8_t>(std::lround(255 * alpha));
  }
  return lines;
}

}  // namespace sumi
