#include "engine/image/stylize/color.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "engine/image/stylize/rows.h"

namespace sumi::stylize {
namespace {

// A table of all 65536 levels: a lookup is a third of the cost of a power.
const float* linear_levels() {
  static const std::vector<float> levels = [] {
    std::vector<float> values(65536);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double v = static_cast<double>(i) / 65535;
      values[i] = static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    return values;
  }();
  return levels.data();
}

}  // namespace

Lab to_lab(const RgbView& image, int first, int rows) {
  if (rows == 0) rows = image.height;
  const int width = image.width;
  const float* levels = linear_levels();
  Lab result(width, rows);
  for_rows(rows, [&, levels](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const std::uint16_t* from =
          image.rgb + static_cast<std::size_t>(first + y) * static_cast<std::size_t>(width) * 3;
      float* __restrict L = result.L.row(y);
      float* __restrict a = result.a.row(y);
      float* __restrict b = result.b.row(y);
      for (int x = 0; x < width; ++x) {
        L[x] = levels[from[3 * x]];
        a[x] = levels[from[3 * x + 1]];
        b[x] = levels[from[3 * x + 2]];
      }
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const Color c = linear_to_lab(L[x], a[x], b[x]);
        L[x] = c.x;
        a[x] = c.y;
        b[x] = c.z;
      }
    }
  });
  return result;
}

Lab to_lab(const Rgb& rgb) {
  const int width = rgb.width();
  Lab result(width, rgb.height());
  for_rows(rgb.height(), [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float *red = rgb.red.row(y), *green = rgb.green.row(y), *blue = rgb.blue.row(y);
      float* __restrict L = result.L.row(y);
      float* __restrict a = result.a.row(y);
      float* __restrict b = result.b.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const Color c =
            linear_to_lab(srgb_to_linear(red[x]), srgb_to_linear(green[x]), srgb_to_linear(blue[x]));
        L[x] = c.x;
        a[x] = c.y;
        b[x] = c.z;
      }
    }
  });
  return result;
}

Rgb to_rgb(const Lab& lab) {
  const int width = lab.width();
  Rgb result(width, lab.height());
  for_rows(lab.height(), [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float *L = lab.L.row(y), *a = lab.a.row(y), *b = lab.b.row(y);
      float* __restrict red = result.red.row(y);
      float* __restrict green = result.green.row(y);
      float* __restrict blue = result.blue.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const Color c = lab_to_srgb(L[x], a[x], b[x]);
        red[x] = c.x;
        green[x] = c.y;
        blue[x] = c.z;
      }
    }
  });
  return result;
}

void store_rgb(const Rgb& from, std::uint16_t* to) {
  const int width = from.width();
  for_rows(from.height(), [&, to](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float *red = from.red.row(y), *green = from.green.row(y), *blue = from.blue.row(y);
      std::uint16_t* row = to + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3;
      const auto level = [](float v) {
        return static_cast<std::uint16_t>(static_cast<int>(clamp(v, 0.0F, 1.0F) * 65535.0F + 0.5F));
      };
      for (int x = 0; x < width; ++x) {
        row[3 * x] = level(red[x]);
        row[3 * x + 1] = level(green[x]);
        row[3 * x + 2] = level(blue[x]);
      }
    }
  });
}

}  // namespace sumi::stylize
