// Training images.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>

#include "engine/image/image.h"

// Gray 12 x 12 images of waves.
inline void write_images(const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder);
  for (int i = 0; i < count; ++i) {
    sumi::Image8 image(12, 12, 1);
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 12; ++x)
        *image.at(x, y) = static_cast<std::uint8_t>(127 + 120 * std::sin(0.5 * (i + 1) * x + 0.3 * i * y));
    sumi::save_image(folder / ("p" + std::to_string(i) + ".png"), image);
  }
}
