#include "models/training/image_grid.h"

#include <algorithm>
#include <cmath>

namespace sumi {

std::vector<Image8> to_images(const Tensor& pictures) {
  const Shape s = pictures.shape();
  const std::vector<float> values = pictures.to_vector<float>();
  std::vector<Image8> images;
  std::size_t at = 0;
  for (std::int64_t n = 0; n < s.n; ++n) {
    Image8 image(static_cast<int>(s.w), static_cast<int>(s.h), static_cast<int>(s.c));
    for (std::uint8_t& level : image.data) {
      const float x = values[at++];
      level = static_cast<std::uint8_t>(
          std::isnan(x) ? 0 : std::lround((std::clamp(x, -1.0f, 1.0f) + 1) * 127.5f));
    }
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace sumi
