#include "engine/data/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/image/edges.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr std::int64_t kMaxImageSide = 16384;

// Ties go to the even multiple (10 becomes 8, 14 becomes 16), like Python's round() in the
// reference code of these modes.
std::int64_t multiple_of_4(double v) {
  return std::max<std::int64_t>(4, 4 * static_cast<std::int64_t>(std::nearbyint(v / 4)));
}

void check_side(const std::string& where, const char* what, int v) {
  if (v <= 0 || v > kMaxImageSide)
    fail(where, fmt::format("cannot have images of {} {}; use 1 to {}", what, v, kMaxImageSide));
}

}  // namespace

const char* name_of(Preprocess p) {
  switch (p) {
    case Preprocess::square:
      return "square";
    case Preprocess::resize_and_crop:
      return "resize_and_crop";
    case Preprocess::crop:
      return "crop";
    case Preprocess::scale_width:
      return "scale_width";
    case Preprocess::scale_width_and_crop:
      return "scale_width_and_crop";
    default:
      return "none";
  }
}

bool is_cropped(Preprocess p) {
  return p == Preprocess::resize_and_crop || p == Preprocess::crop || p == Preprocess::scale_width_and_crop;
}

std::array<std::int64_t, 2> common_size(const DatasetSpec& spec) {
  if (spec.preprocess == Preprocess::square) return {spec.size, spec.square_height()};
  if (spec.preprocess == Preprocess::resize_and_crop) return {spec.load_size, spec.load_size};
  return {0, 0};
}

std::array<std::int64_t, 2> packed_size(std::int64_t width, std::int64_t height, const DatasetSpec& spec) {
  const std::int64_t load = spec.load_size, crop = spec.crop_size;
  const auto w = static_cast<double>(width), h = static_cast<double>(height);
  switch (spec.preprocess) {
    case Preprocess::crop: {
      if (width >= crop && height >= crop) return {width, height};
      const double factor = static_cast<double>(crop) / std::min(w, h);
      return {std::max<std::int64_t>(crop, std::llround(w * factor)),
              std::max<std::int64_t>(crop, std::llround(h * factor))};
    }
    case Preprocess::scale_width:
    case Preprocess::scale_width_and_crop: {
      const double scaled = std::max(h * static_cast<double>(load) / w, static_cast<double>(crop));
      std::array<std::int64_t, 2> size{multiple_of_4(static_cast<double>(load)), multiple_of_4(scaled)};
      if (is_cropped(spec.preprocess))  // the crop must fit, even if it is not a multiple of 4
        for (auto& v : size) v = std::max(v, crop);
      return size;
    }
    case Preprocess::none:
      return {multiple_of_4(w), multiple_of_4(h)};
    default:
      return common_size(spec);
  }
}

namespace {

template <class Level>
BasicImage<Level> resized(const std::string& where, const BasicImage<Level>& image, const DatasetSpec& spec) {
  if (spec.preprocess == Preprocess::square) return fill_image(image, spec.size, spec.square_height());
  const auto [w, h] = packed_size(image.width, image.height, spec);
  if (w > kMaxImageSide * kMaxImageSide / h)
    fail(where, fmt::format("of {}x{} would become {}x{}, too large; crop or remove it", image.width,
                            image.height, w, h));
  return resize_image(image, static_cast<int>(w), static_cast<int>(h), Filter::bicubic);
}

}  // namespace

template <>
Image8 preprocess_image(const std::string& where, const Image8& image, const DatasetSpec& spec) {
  const Image8 ready = resized(where, image, spec);
  return spec.smooth_edges ? smooth_edges(ready) : ready;
}
template <>
Image16 preprocess_image(const std::string& where, const Image16& image, const DatasetSpec& spec) {
  return resized(where, image, spec);
}

void check_preprocess(const std::string& where, const DatasetSpec& spec) {
  if (spec.bits != 8 && spec.bits != 16)
    fail(where, fmt::format("cannot have {} bits per channel; use 8 or 16", spec.bits));
  if (spec.bits == 16 && spec.smooth_edges)
    fail(where, "cannot have smoothed edges at 16 bits per channel; use 8");
  if (spec.preprocess == Preprocess::square) {
    check_side(where, "size", spec.size);
    return check_side(where, "height", spec.square_height());
  }
  check_side(where, "load size", spec.load_size);
  check_side(where, "crop size", spec.crop_size);
  const bool scaled =
      spec.preprocess == Preprocess::resize_and_crop || spec.preprocess == Preprocess::scale_width_and_crop;
  if (scaled && spec.load_size < spec.crop_size)
    fail(where, fmt::format("cannot have crops of {0}x{0} cut out of images scaled to {1}; raise the load "
                            "size to {0} or more, or lower the crop size",
                            spec.crop_size, spec.load_size));
}

}  // namespace sumi::io
