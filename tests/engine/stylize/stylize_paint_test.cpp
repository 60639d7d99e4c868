// Kuwahara filter and hatching against their definitions; properties of wash, pencil, halftone and
// ukiyo.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/hatching.h"
#include "engine/image/stylize/kuwahara.h"
#include "engine/image/stylize/noise.h"
#include "engine/image/stylize/style.h"

namespace stylize = sumi::stylize;
using stylize::Lab;
using stylize::Plane;

namespace {

double sample_linear(const Plane& x, double u, double v) {
  const int i = static_cast<int>(std::floor(u)), j = static_cast<int>(std::floor(v));
  const auto at = [&](int column, int row) {
    return double(x.row(stylize::reflect(row, x.height()))[stylize::reflect(column, x.width())]);
  };
  const double fu = u - i, fv = v - j;
  return (1 - fv) * ((1 - fu) * at(i, j) + fu * at(i + 1, j)) +
         fv * ((1 - fu) * at(i, j + 1) + fu * at(i + 1, j + 1));
}

// A sector's sums in the definition: weight, colors, squares.
struct SectorSums {
  double weight = 0, square = 0;
  std::array<double, 3> color{};

  void add(double w, const std::array<double, 3>& c, double c2) {
    weight += w;
    square += w * c2;
    for (std::size_t k = 0; k < 3; ++k) color[k] += w * c[k];
  }
};

// The filter at (x, y) by loops over all samples and sectors, with angles instead of offsets.
std::array<double, 3> filtered(const Lab& image, double x, double y, double tx, double ty, double A,
                               double radius, const std::vector<double>& radii) {
  const double along = radius * std::pow(1 + A, 0.9), across = radius / (1 + A);
  std::array<SectorSums, 8> sectors;
  const auto sample = [&](double u, double v, double gauss, bool middle) {
    const double px = x + tx * along * u - ty * across * v, py = y + ty * along * u + tx * across * v;
    const std::array<double, 3> c{sample_linear(image.L, px, py), sample_linear(image.a, px, py),
                                  sample_linear(image.b, px, py)};
    // Squares are interpolated, too (kuwahara.cpp).
    Plane squares(image.width(), image.height());
    for (std::size_t i = 0; i < squares.pixels(); ++i)
      squares.data()[i] = image.L.data()[i] * image.L.data()[i] + image.a.data()[i] * image.a.data()[i] +
                          image.b.data()[i] * image.b.data()[i];
    const double c2 = sample_linear(squares, px, py);
    for (std::size_t k = 0; k < 8; ++k) {
      double turn = std::fabs(std::atan2(v, u) - 2 * std::numbers::pi * static_cast<double>(k) / 8);
      turn = std::min(std::fmod(turn, 2 * std::numbers::pi),
                      2 * std::numbers::pi - std::fmod(turn, 2 * std::numbers::pi));
      const double part = turn / (1.5 * std::numbers::pi / 8);
      const double w = middle ? 1.0 / 8 : gauss * std::max(0.0, 1 - part * part);
      if (w > 1e-6) sectors[k].add(w, c, c2);
    }
  };
  sample(0, 0, 1, true);
  for (std::size_t i = 0; i < radii.size(); ++i)
    for (std::size_t j = 0; j < 8 + 4 * i; ++j) {
      const double angle = 2 * std::numbers::pi *
                           (static_cast<double>(j) + 0.5 * static_cast<double>(i % 2)) /
                           static_cast<double>(8 + 4 * i);
      sample(radii[i] * std::cos(angle), radii[i] * std::sin(angle), std::exp(-1.6 * radii[i] * radii[i]),
             false);
    }
  std::array<double, 3> sum{};
  double weights = 0;
  for (const SectorSums& s : sectors) {
    double variance = s.square / s.weight;
    for (const double c : s.color) variance -= (c / s.weight) * (c / s.weight);
    const double weight = 1 / (1 + std::pow(0.06 * std::max(0.0, variance), 4));
    weights += weight;
    for (std::size_t k = 0; k < 3; ++k) sum[k] += weight * s.color[k] / s.weight;
  }
  for (double& c : sum) c /= weights;
  return sum;
}

Lab noisy_edge(int width, int height) {
  Lab image(width, height);
  const Plane noise = stylize::white_noise(width, height, 7);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const bool light = 2 * x + y > width;
      image.L.row(y)[x] = (light ? 70.0F : 30.0F) + 6 * noise.row(y)[x];
      image.a.row(y)[x] = light ? 5.0F : -10.0F;
      image.b.row(y)[x] = 10 * noise.row(y)[x];
    }
  return image;
}

stylize::Flow constant_flow(int width, int height, float degrees, float coherence) {
  const float radians = degrees * std::numbers::pi_v<float> / 180;
  return {{width, height, std::cos(radians)}, {width, height, std::sin(radians)}, {width, height, coherence}};
}

struct Painted {
  int width, height;
  std::vector<std::uint16_t> rgb;

  // color_at(x, y) gives red, green and blue in 0..255.
  template <class ColorAt>
  Painted(int w, int h, const ColorAt& color_at) : width(w), height(h) {
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x)
        for (const int level : color_at(x, y)) rgb.push_back(static_cast<std::uint16_t>(257 * level));
  }
  stylize::RgbView view() const { return {width, height, rgb.data()}; }
};
using Rgb8 = std::array<int, 3>;

std::vector<std::uint16_t> styled(const std::string& style, const Painted& picture,
                                  const stylize::StyleValues& values = {}) {
  return stylize::apply_style(style, picture.view(), {values, nullptr, {}});
}

// Mean levels, 0 to 255, of a rectangle.
std::array<double, 3> mean_of(const std::vector<std::uint16_t>& rgb, int width, int left, int top,
                              int columns, int rows) {
  std::array<double, 3> sum{};
  for (int y = top; y < top + rows; ++y)
    for (int x = left; x < left + columns; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        sum[c] += rgb[static_cast<std::size_t>(3 * (y * width + x)) + c] / 257.0;
  for (double& s : sum) s /= columns * rows;
  return sum;
}

}  // namespace

TEST_CASE("stylize: the Kuwahara filter is its definition") {
  const Lab image = noisy_edge(37, 29);
  for (const auto rings : {stylize::KuwaharaRings::two, stylize::KuwaharaRings::three}) {
    const std::vector<double> radii = rings == stylize::KuwaharaRings::two
                                          ? std::vector<double>{0.45, 0.85}
                                          : std::vector<double>{0.28, 0.58, 0.88};
    const float degrees = 34, coherence = 0.6F, radius = 5.3F;
    const stylize::Flow flow = constant_flow(37, 29, degrees, coherence);
    const Lab result = stylize::kuwahara(image, flow, radius, rings);
    for (const auto& [x, y] : {std::pair{0, 0}, {36, 28}, {12, 14}, {20, 3}, {5, 25}, {30, 11}}) {
      CAPTURE(x);
      CAPTURE(y);
      const auto wanted = filtered(image, x, y, double(flow.x.row(y)[x]), double(flow.y.row(y)[x]),
                                   double(coherence), double(radius), radii);
      CHECK(double(result.L.row(y)[x]) == doctest::Approx(wanted[0]).epsilon(1e-3));
      CHECK(double(result.a.row(y)[x]) == doctest::Approx(wanted[1]).epsilon(1e-3));
      CHECK(double(result.b.row(y)[x]) == doctest::Approx(wanted[2]).epsilon(2e-3));
    }
  }
}

TEST_CASE("stylize: hatching is even, runs along its angle and is fixed to its place") {
  const stylize::HatchLayer layer{.angle = 52, .length = 20, .width = 0.5F, .seed = 11};
  const int side = 300;
  const Plane field = stylize::hatching(side, side, layer);
  std::array<int, 5> fifths{};
  double along = 0, across = 0;
  const auto at = [&](double x, double y) { return sample_linear(field, x, y) - 0.5; };
  const double radians = 52 * std::numbers::pi / 180, dx = std::cos(radians), dy = -std::sin(radians);
  for (int y = 10; y < side - 10; ++y)
    for (int x = 10; x < side - 10; ++x) {
      ++fifths[static_cast<std::size_t>(std::min(4.0F, 5 * field.row(y)[x]))];
      const double here = double(field.row(y)[x]) - 0.5;
      along += here * at(x + 6 * dx, y + 6 * dy);
      across += here * at(x - 6 * dy, y + 6 * dx);
    }
  for (const int count : fifths) CHECK(count / (280.0 * 280) == doctest::Approx(0.2).epsilon(0.2));
  CHECK(along > 10 * std::fabs(across));
  const Plane part = stylize::hatching(40, 50, layer, 100, 70);
  for (int y = 0; y < 50; ++y)
    for (int x = 0; x < 40; ++x) REQUIRE(std::fabs(part.row(y)[x] - field.row(70 + y)[100 + x]) < 1e-5F);
}

TEST_CASE("stylize: a wash lays calm ground in steps, and only that") {
  const Painted slope(512, 512, [](int, int y) { return Rgb8{90 + y / 5, 110 + y / 5, 130 + y / 5}; });
  // Mean of the steepest five rows of an even ramp.
  const auto unevenness = [&](double washes) {
    const auto wash = styled("wash", slope, {{"washes", washes}, {"grain", 0}, {"flow", 0}, {"edges", 0}});
    double most = 0, sum = 0;
    for (int y = 60; y < 450; ++y) {
      const double change =
          std::fabs(mean_of(wash, 512, 250, y + 5, 1, 1)[1] - mean_of(wash, 512, 250, y, 1, 1)[1]);
      most = std::max(most, change);
      sum += change / 390;
    }
    return most / sum;
  };
  CHECK(unevenness(0) < 2);
  CHECK(unevenness(1) > 3);
}

TEST_CASE("stylize: pencil tones follow the darkness, and paper stays paper") {
  const Painted steps(320, 80, [](int x, int) { return Rgb8{x / 80 * 85, x / 80 * 85, x / 80 * 85}; });
  const auto drawing = styled("pencil", steps);
  double before = -1;
  for (int step = 0; step < 4; ++step) {
    const double level = mean_of(drawing, 320, 80 * step + 25, 20, 30, 40)[1];
    CAPTURE(step);
    CHECK(level > before + 15);
    before = level;
  }
  CHECK(before > 235);
  const stylize::StyleLayers layers = stylize::style_layers("pencil", steps.view());
  CHECK(layers.tone.row(40)[300] < 0.03F);
  CHECK(layers.tone.row(40)[40] > 0.85F);
}

TEST_CASE("stylize: halftone prints grays in black alone") {
  const Painted gray(96, 96, [](int, int) { return Rgb8{120, 120, 120}; });
  const auto saturation = [&](double grays) {
    const auto print = styled("halftone", gray, {{"grays", grays}});
    int most = 0;
    for (std::size_t i = 0; i < print.size(); i += 3) {
      const auto [low, high] = std::minmax({print[i], print[i + 1], print[i + 2]});
      most = std::max(most, (high - low) / 257);
    }
    return most;
  };
  CHECK(saturation(1) < 25);  // the cream of the paper
  CHECK(saturation(0) > 120);
  // Without color screens, as dark as with them.
  const double black = mean_of(styled("halftone", gray), 96, 0, 0, 96, 96)[1];
  const double inks = mean_of(styled("halftone", gray, {{"grays", 0}}), 96, 0, 0, 96, 96)[1];
  CHECK(std::fabs(black - inks) < 40);
}

TEST_CASE("stylize: ukiyo wipes blue along the top of a sky, not of a backdrop or a table") {
  const auto sky = [](int, int y) { return y < 140 ? Rgb8{200, 205, 212} : Rgb8{52, 60, 40}; };
  const auto backdrop = [](int x, int y) {
    return std::hypot(x - 100, y - 120) < 50 ? Rgb8{120, 60, 50} : Rgb8{200, 205, 212};
  };
  const auto table = [](int, int y) { return y < 140 ? Rgb8{205, 150, 90} : Rgb8{52, 40, 30}; };
  const auto blue = [](const std::vector<std::uint16_t>& print) {
    const std::array<double, 3> top = mean_of(print, 200, 10, 0, 180, 8);
    return top[2] - top[0];
  };
  CHECK(blue(styled("ukiyo", Painted(200, 200, sky))) > 25);
  CHECK(blue(styled("ukiyo", Painted(200, 200, sky), {{"bokashi", 0}})) < 10);
  CHECK(blue(styled("ukiyo", Painted(200, 200, backdrop))) < 10);
  CHECK(blue(styled("ukiyo", Painted(200, 200, table))) < -40);
}

TEST_CASE("stylize: ukiyo wipes straight across, without a halo around what stands before the sky") {
  const Painted tower(300, 300, [](int x, int y) {
    if (y > 220) return Rgb8{52, 60, 40};
    return x > 140 && x < 165 && y > 12 ? Rgb8{90, 50, 40} : Rgb8{150, 185, 225};
  });
  const auto print = styled("ukiyo", tower, {{"grain", 0}, {"line", 0}});
  for (const int top : {20, 60, 120}) {
    CAPTURE(top);
    const auto near = mean_of(print, 300, 120, top, 15, 10), far = mean_of(print, 300, 20, top, 15, 10);
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::fabs(near[c] - far[c]) < 6);
  }
}

TEST_CASE("stylize: ukiyo's sky goes on below a cloud") {
  const Painted cloudy(300, 300, [](int x, int y) {
    if (y > 220) return Rgb8{52, 60, 40};
    return x > 90 && x < 160 && y > 30 && y < 60 ? Rgb8{70, 72, 80} : Rgb8{190, 205, 225};
  });
  const auto print = styled("ukiyo", cloudy, {{"grain", 0}, {"line", 0}});
  for (const int top : {90, 150}) {
    CAPTURE(top);
    const auto below = mean_of(print, 300, 110, top, 30, 10), beside = mean_of(print, 300, 240, top, 30, 10);
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::fabs(below[c] - beside[c]) < 4);
  }
}
