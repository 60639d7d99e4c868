#include "models/judges/image_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "engine/error.h"
#include "engine/image/edges.h"
#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/color.h"

namespace sumi {
namespace {

constexpr int kTolerance = 2;  // pixels that an edge may move
constexpr double kWindow = 1.5;

// One value for each pixel.
struct Field {
  int width = 0, height = 0;
  std::vector<float> values;

  Field(int w, int h)
      : width(w), height(h), values(static_cast<std::size_t>(w) * static_cast<std::size_t>(h)) {}
  float& at(int x, int y) { return values[index(x, y)]; }
  float at(int x, int y) const { return values[index(x, y)]; }
  // With mirrored borders: -1 is 1.
  float mirrored(int x, int y) const { return at(stylize::reflect(x, width), stylize::reflect(y, height)); }

 private:
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
};

Image8 gray_of(const Image8& image) {
  if (image.channels == 1) return image;
  Image8 gray(image.width, image.height, 1);
  for (std::size_t i = 0; i < gray.data.size(); ++i) gray.data[i] = luma(image.data.data() + 3 * i);
  return gray;
}

Field luma_of(const Image8& image) {
  const Image8 gray = gray_of(image);
  Field field(image.width, image.height);
  std::copy(gray.data.begin(), gray.data.end(), field.values.begin());
  return field;
}

std::vector<stylize::Color> lab_of(const Image8& image) {
  std::vector<stylize::Color> all;
  const auto step = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < image.data.size(); i += step) {
    const auto linear = [&](std::size_t c) {
      return stylize::srgb_to_linear(static_cast<float>(image.data[i + (step == 3 ? c : 0)]) / 255.0F);
    };
    all.push_back(stylize::linear_to_lab(linear(0), linear(1), linear(2)));
  }
  return all;
}

double color_contrast(const Image8& image) {
  double sums[3] = {}, squares = 0;
  const std::vector<stylize::Color> lab = lab_of(image);
  for (const stylize::Color& c : lab) {
    sums[0] += c.x, sums[1] += c.y, sums[2] += c.z;
    squares += double{c.x} * c.x + double{c.y} * c.y + double{c.z} * c.z;
  }
  const auto n = static_cast<double>(lab.size());
  double variance = squares / n;
  for (const double s : sums) variance -= s / n * (s / n);
  return std::sqrt(std::max(0.0, variance));
}

// The largest (sign 1) or smallest (sign -1) value within two pixels in rows and columns.
Field extreme(const Field& field, float sign) {
  const auto along = [sign](const Field& from, int dx, int dy) {
    Field to(from.width, from.height);
    for (int y = 0; y < from.height; ++y)
      for (int x = 0; x < from.width; ++x) {
        float best = -std::numeric_limits<float>::infinity();
        for (int k = -2; k <= 2; ++k) {
          const int at_x = x + k * dx, at_y = y + k * dy;
          if (at_x >= 0 && at_x < from.width && at_y >= 0 && at_y < from.height)
            best = std::max(best, sign * from.at(at_x, at_y));
        }
        to.at(x, y) = sign * best;
      }
    return to;
  };
  return along(along(field, 1, 0), 0, 1);
}

void check_pair(const Image8& a, const Image8& b) {
  if (a.width != b.width || a.height != b.height)
    fail("image pair", fmt::format("has sizes {}x{} and {}x{}; both images need one size", a.width, a.height,
                                   b.width, b.height));
}

// Gaussian blur of 13 taps, as OpenCV chooses for this deviation.
Field blurred(const Field& field) {
  constexpr int kRadius = 6;
  float taps[2 * kRadius + 1], sum = 0;
  for (int k = -kRadius; k <= kRadius; ++k)
    sum += taps[k + kRadius] = static_cast<float>(std::exp(-k * k / (2 * kWindow * kWindow)));
  Field rows(field.width, field.height), both(field.width, field.height);
  for (int y = 0; y < field.height; ++y)
    for (int x = 0; x < field.width; ++x) {
      float value = 0;
      for (int k = -kRadius; k <= kRadius; ++k) value += taps[k + kRadius] / sum * field.mirrored(x + k, y);
      rows.at(x, y) = value;
    }
  for (int y = 0; y < field.height; ++y)
    for (int x = 0; x < field.width; ++x) {
      float value = 0;
      for (int k = -kRadius; k <= kRadius; ++k) value += taps[k + kRadius] / sum * rows.mirrored(x, y + k);
      both.at(x, y) = value;
    }
  return both;
}

Field product(const Field& a, const Field& b) {
  Field p(a.width, a.height);
  for (std::size_t i = 0; i < p.values.size(); ++i) p.values[i] = a.values[i] * b.values[i];
  return p;
}

// Pixels within two pixels of an edge: a disc of five rows.
std::vector<std::uint8_t> near_edges(const std::vector<std::uint8_t>& edges, int width, int height) {
  std::vector<std::uint8_t> near(edges.size(), 0);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      if (!edges[static_cast<std::size_t>(y * width + x)]) continue;
      for (int dy = -kTolerance; dy <= kTolerance; ++dy) {
        const int reach = std::abs(dy) == kTolerance ? 0 : kTolerance;
        for (int dx = -reach; dx <= reach; ++dx)
          if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height)
            near[static_cast<std::size_t>((y + dy) * width + x + dx)] = 1;
      }
    }
  return near;
}

}  // namespace

StyleFigures style_figures(const Image8& image) {
  const Field luma = luma_of(image), closed = extreme(extreme(luma, 1), -1);
  StyleFigures f;
  f.color_contrast = color_contrast(image);
  for (int y = 0; y < luma.height; ++y)
    for (int x = 0; x < luma.width; ++x) {
      const auto at = [&](int dx, int dy) { return luma.mirrored(x + dx, y + dy); };
      const float gx = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1);
      const float gy = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1);
      f.flatness += std::hypot(gx, gy) < 8 ? 1 : 0;
      f.line_strength += closed.at(x, y) - luma.at(x, y);
      f.checkerboard += std::abs(at(-1, -1) - at(0, -1) - at(-1, 0) + at(0, 0)) / 2;
    }
  const auto pixels = static_cast<double>(luma.values.size());
  f.flatness /= pixels, f.line_strength /= pixels, f.checkerboard /= pixels;
  return f;
}

double ssim(const Image8& a, const Image8& b) {
  check_pair(a, b);
  Field x = luma_of(a), y = luma_of(b);
  for (Field* field : {&x, &y})
    for (float& v : field->values) v /= 255;
  const Field mx = blurred(x), my = blurred(y), xx = blurred(product(x, x)), yy = blurred(product(y, y)),
              xy = blurred(product(x, y));
  double sum = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double m = mx.values[i], n = my.values[i];
    const double vx = xx.values[i] - m * m, vy = yy.values[i] - n * n, cov = xy.values[i] - m * n;
    sum += (2 * m * n + 1e-4) * (2 * cov + 9e-4) / ((m * m + n * n + 1e-4) * (vx + vy + 9e-4));
  }
  return sum / static_cast<double>(x.values.size());
}

double chroma_shift(const Image8& a, const Image8& b) {
  check_pair(a, b);
  const std::vector<stylize::Color> x = lab_of(a), y = lab_of(b);
  std::vector<double> shifts;
  for (std::size_t i = 0; i < x.size(); ++i) shifts.push_back(std::hypot(x[i].y - y[i].y, x[i].z - y[i].z));
  std::sort(shifts.begin(), shifts.end());
  const std::size_t half = shifts.size() / 2;
  return shifts.size() % 2 == 1 ? shifts[half] : (shifts[half - 1] + shifts[half]) / 2;
}

EdgeCounts& EdgeCounts::operator+=(const EdgeCounts& other) {
  matched_a += other.matched_a, all_a += other.all_a;
  matched_b += other.matched_b, all_b += other.all_b;
  return *this;
}

double EdgeCounts::f1() const {
  if (all_a + all_b == 0) return 1;
  const auto share = [](std::size_t part, std::size_t all) {
    return static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(1, all));
  };
  const double p = share(matched_a, all_a), r = share(matched_b, all_b);
  return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

EdgeCounts edge_counts(const Image8& a, const Image8& b) {
  check_pair(a, b);
  const std::vector<std::uint8_t> x = canny_edges(gray_of(a), 100, 200),
                                  y = canny_edges(gray_of(b), 100, 200);
  const std::vector<std::uint8_t> near_x = near_edges(x, a.width, a.height),
                                  near_y = near_edges(y, a.width, a.height);
  EdgeCounts counts;
  for (std::size_t i = 0; i < x.size(); ++i) {
    counts.all_a += x[i], counts.matched_a += x[i] & near_y[i];
    counts.all_b += y[i], counts.matched_b += y[i] & near_x[i];
  }
  return counts;
}

double mean_difference(const Image8& a, const Image8& b) {
  check_pair(a, b);
  if (a.channels != b.channels)
    fail("image pair", fmt::format("has {} and {} channels", a.channels, b.channels));
  double sum = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) sum += std::abs(int{a.data[i]} - int{b.data[i]});
  return sum / static_cast<double>(std::max<std::size_t>(1, a.data.size()));
}

}  // namespace sumi
