#include "engine/image/photo_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "kernels/base/check.h"
#include "kernels/thread_pool.h"

namespace sumi {
namespace {

constexpr std::size_t kPartPixels = 1 << 16;  // pixels of one task
constexpr double kWhiteLevel = 65535;

void check_same_size(const char* where, const Photo& a, const Photo& b) {
  if (a.width == b.width && a.height == b.height) return;
  fail(where, fmt::format("a picture of {}x{} does not fit one of {}x{}; resize one of them", a.width,
                          a.height, b.width, b.height));
}

// body(begin, end) for ranges of pixels.
template <class Body>
void for_pixels(std::size_t count, const Body& body) {
  const auto chunks = static_cast<std::int64_t>((count + kPartPixels - 1) / kPartPixels);
  kernels::parallel_for(chunks, [&](std::int64_t i, int) {
    const std::size_t begin = static_cast<std::size_t>(i) * kPartPixels;
    body(begin, std::min(begin + kPartPixels, count));
  });
}

float exact_luma(const std::uint16_t* rgb) {
  return 0.299F * static_cast<float>(rgb[0]) + 0.587F * static_cast<float>(rgb[1]) +
         0.114F * static_cast<float>(rgb[2]);
}

std::uint16_t to_level(float v) {
  return static_cast<std::uint16_t>(std::clamp(v, 0.0F, 65535.0F) + 0.5F);
}

using Histogram = std::vector<std::uint32_t>;  // of 65536 levels of luma

Histogram luma_histogram(const Photo& photo) {
  Histogram counts(65536);
  for (std::size_t i = 0; i < photo.pixels(); ++i) ++counts[luma(photo.rgb.data() + 3 * i)];
  return counts;
}

double mean_luma(const Histogram& counts, double gamma) {
  double sum = 0, count = 0;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    if (counts[level] == 0) continue;
    sum += counts[level] * std::pow(static_cast<double>(level) / kWhiteLevel, gamma);
    count += counts[level];
  }
  return count > 0 ? sum / count : 0;
}

// Of the luma alone: for colors the mean after the curve differs a little, below a level.
double matching_gamma(const Histogram& counts, double wanted) {
  double low = 0.25, high = 4;  // brighter, darker
  for (int i = 0; i < 30; ++i) {
    const double middle = std::sqrt(low * high);
    (mean_luma(counts, middle) > wanted ? low : high) = middle;
  }
  return std::sqrt(low * high);
}

// Where pixel (x, y) of the transformed photo of `width` x `height` comes from.
std::pair<int, int> source_of(int symmetry, int x, int y, int width, int height) {
  if ((symmetry & 4) != 0) std::swap(x, y);
  return {(symmetry & 1) != 0 ? width - 1 - x : x, (symmetry & 2) != 0 ? height - 1 - y : y};
}

template <class Source>
Photo rearranged(const Photo& photo, int width, int height, const Source& source) {
  Photo out{width, height, photo.depth, {}, {}, photo.remark, photo.gray, photo.metadata};
  out.rgb.resize(photo.rgb.size());
  out.alpha.resize(photo.alpha.size());
  kernels::parallel_for(height, [&](std::int64_t row, int) {
    std::size_t to = static_cast<std::size_t>(row) * static_cast<std::size_t>(width);
    for (int x = 0; x < width; ++x, ++to) {
      const auto [sx, sy] = source(x, static_cast<int>(row));
      const auto from =
          static_cast<std::size_t>(sy) * static_cast<std::size_t>(photo.width) + static_cast<std::size_t>(sx);
      std::copy_n(photo.rgb.data() + 3 * from, 3, out.rgb.data() + 3 * to);
      if (!out.alpha.empty()) out.alpha[to] = photo.alpha[from];
    }
  });
  return out;
}

}  // namespace

std::vector<std::uint16_t> mask_coverage(const Photo& mask) {
  const bool white = !mask.alpha.empty() && std::all_of(mask.rgb.begin(), mask.rgb.end(),
                                                        [](std::uint16_t level) { return level == 65535; });
  if (white) return mask.alpha;
  std::vector<std::uint16_t> coverage(mask.pixels());
  for (std::size_t i = 0; i < coverage.size(); ++i) coverage[i] = luma(mask.rgb.data() + 3 * i);
  return coverage;
}

void blend_over(const Photo& photo, const std::vector<std::uint16_t>& coverage, double strength,
                Photo& result) {
  if (strength == 1 && coverage.empty()) return;
  check_same_size("strength", photo, result);
  if (!coverage.empty() && coverage.size() != photo.pixels())
    fail("mask", fmt::format("has {} pixels, but the picture {}", coverage.size(), photo.pixels()));
  const auto amount_of_all = static_cast<float>(strength);
  for_pixels(photo.pixels(), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const float amount =
          coverage.empty() ? amount_of_all : amount_of_all * static_cast<float>(coverage[i]) / 65535.0F;
      for (std::size_t k = 3 * i; k < 3 * i + 3; ++k) {
        const auto from = static_cast<float>(photo.rgb[k]);
        result.rgb[k] = to_level(from + amount * (static_cast<float>(result.rgb[k]) - from));
      }
    }
  });
  result.gray = result.gray && photo.gray;
}

void keep_color(const Photo& photo, Photo& result) {
  check_same_size("keep-color", photo, result);
  for_pixels(photo.pixels(), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint16_t* from = photo.rgb.data() + 3 * i;
      std::uint16_t* to = result.rgb.data() + 3 * i;
      const float y = exact_luma(to), y_photo = exact_luma(from);
      float share = 1;  // of the chroma that fits between black and white
      std::array<float, 3> chroma{};
      for (std::size_t k = 0; k < 3; ++k) {
        chroma[k] = static_cast<float>(from[k]) - y_photo;
        if (y + chroma[k] > 65535) share = std::min(share, (65535 - y) / chroma[k]);
        if (y + chroma[k] < 0) share = std::min(share, -y / chroma[k]);
      }
      for (std::size_t k = 0; k < 3; ++k) to[k] = to_level(y + share * chroma[k]);
    }
  });
  result.gray = photo.gray;
}

void match_brightness(const Photo& photo, Photo& result) {
  const double gamma = matching_gamma(luma_histogram(result), mean_luma(luma_histogram(photo), 1));
  std::vector<std::uint16_t> curve(65536);
  for (std::size_t level = 0; level < curve.size(); ++level)
    curve[level] =
        to_level(static_cast<float>(kWhiteLevel * std::pow(static_cast<double>(level) / kWhiteLevel, gamma)));
  for (std::uint16_t& level : result.rgb) level = curve[level];
}

Photo stacked(const Photo& upper, const Photo& lower) {
  if (upper.width != lower.width)
    fail("compare", fmt::format("a picture of {} columns does not stand above one of {}; resize one of them",
                                upper.width, lower.width));
  Photo out{upper.width, upper.height + lower.height, std::max(upper.depth, lower.depth), upper.rgb, {},
            "",          upper.gray && lower.gray};
  out.rgb.insert(out.rgb.end(), lower.rgb.begin(), lower.rgb.end());
  if (upper.alpha.empty() || lower.alpha.empty()) return out;
  out.alpha = upper.alpha;
  out.alpha.insert(out.alpha.end(), lower.alpha.begin(), lower.alpha.end());
  return out;
}

Photo transformed(const Photo& photo, int symmetry) {
  const bool turned = (symmetry & 4) != 0;
  return rearranged(photo, turned ? photo.height : photo.width, turned ? photo.width : photo.height,
                    [&](int x, int y) { return source_of(symmetry, x, y, photo.width, photo.height); });
}

Photo transformed_back(const Photo& photo, int symmetry) {
  const bool turned = (symmetry & 4) != 0;
  const int width = turned ? photo.height : photo.width, height = turned ? photo.width : photo.height;
  return rearranged(photo, width, height, [&](int x, int y) {
    if ((symmetry & 1) != 0) x = width - 1 - x;
    if ((symmetry & 2) != 0) y = height - 1 - y;
    return turned ? std::pair{y, x} : std::pair{x, y};
  });
}

Photo mean_over_symmetries(const std::function<Photo(const Photo& photo, const Photo* holes)>& filter,
                           const Photo& photo, const Photo* holes) {
  Photo result;
  std::vector<std::uint32_t> sums;
  for (int symmetry = 0; symmetry < kSymmetries; ++symmetry) {
    Photo turned_holes;
    if (holes) turned_holes = transformed(*holes, symmetry);
    Photo one = transformed_back(
        filter(symmetry == 0 ? photo : transformed(photo, symmetry), holes ? &turned_holes : nullptr),
        symmetry);
    if (symmetry == 0) sums.resize(one.rgb.size());
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += one.rgb[i];
    if (symmetry == 0) result = std::move(one);
  }
  for (std::size_t i = 0; i < sums.size(); ++i)
    result.rgb[i] = static_cast<std::uint16_t>((sums[i] + kSymmetries / 2) / kSymmetries);
  return result;
}

}  // namespace sumi
