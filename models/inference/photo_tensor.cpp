#include "models/inference/photo_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace sumi {
namespace {

// The pixel that pixel i of an extended row of `size` pixels repeats.
int source_of(int i, int size, int extended) {
  if (i < size) return i;
  return extended - size < size ? 2 * (size - 1) - i : size - 1;
}

std::uint16_t to_16(float v) {
  return static_cast<std::uint16_t>(std::lround((std::clamp(v, -1.0F, 1.0F) + 1) * 32767.5F));
}

void check_finite(const std::vector<float>& values) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad != values.end())
    fail("convert", fmt::format("the network drew {}; its weights are damaged; take an earlier checkpoint",
                                std::isnan(*bad) ? "NaN" : "infinity"));
}

}  // namespace

Tensor NetworkInput::window(const Region& region) const {
  const Shape shape{1, region.rows.size(), region.columns.size(), channels};
  const auto c = static_cast<std::size_t>(channels);
  std::vector<float> values(static_cast<std::size_t>(shape.count()));
  float* to = values.data();
  for (std::int64_t y = region.rows.begin; y < region.rows.end; ++y) {
    const auto row = static_cast<std::size_t>(source_of(static_cast<int>(y), photo->height, height)) *
                     static_cast<std::size_t>(photo->width);
    for (std::int64_t x = region.columns.begin; x < region.columns.end; ++x) {
      const std::size_t from =
          row + static_cast<std::size_t>(source_of(static_cast<int>(x), photo->width, width));
      const std::uint16_t* p = photo->rgb.data() + 3 * from;
      const float luma = 0.299F * p[0] + 0.587F * p[1] + 0.114F * p[2];
      for (std::size_t k = 0; k < c; ++k)
        *to++ = !hole.empty() && hole[from] ? kMaskValue : (gray ? luma : p[k]) / 32767.5F - 1;
    }
  }
  return Tensor::from(values, shape, dtype, device);
}

void store_window(const Tensor& result, const Region& region, Photo& photo) {
  const std::vector<float> values = result.to_vector<float>();
  check_finite(values);
  const auto c = static_cast<std::size_t>(result.shape().c);
  const auto columns = static_cast<std::size_t>(region.columns.size());
  const std::int64_t rows_end = std::min<std::int64_t>(region.rows.end, photo.height),
                     columns_end = std::min<std::int64_t>(region.columns.end, photo.width);
  for (std::int64_t y = region.rows.begin; y < rows_end; ++y) {
    const float* p = values.data() + static_cast<std::size_t>(y - region.rows.begin) * columns * c;
    std::uint16_t* to =
        photo.rgb.data() + 3 * static_cast<std::size_t>(y * photo.width + region.columns.begin);
    for (std::int64_t x = region.columns.begin; x < columns_end; ++x, p += c)
      for (std::size_t k = 0; k < 3; ++k) *to++ = to_16(p[c == 3 ? k : 0]);
  }
}

}  // namespace sumi
