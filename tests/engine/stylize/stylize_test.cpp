// Styles on images of any size: the same bits for all numbers of threads, instruction sets and band
// heights.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/components.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/screen.h"
#include "engine/image/stylize/style.h"
#include "kernels/isa.h"
#include "kernels/thread_pool.h"
#include "tests/support.h"

namespace stylize = sumi::stylize;
using stylize::Plane;

namespace {

struct Picture {
  int width, height;
  std::vector<std::uint16_t> rgb;
  stylize::RgbView view() const { return {width, height, rgb.data()}; }
};

// Discs and bars over a slope, with some noise: edges of many directions, flat ground, texture.
// Lengths scale with the short side.
Picture make_image(int width, int height) {
  Picture picture{width, height, {}};
  const double s = std::min(width, height) / 200.0;
  std::uint32_t noise = 1;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double u = x / s, v = y / s;
      const bool disc = std::hypot(u - 70, v - 80) < 45, bar = std::fmod(u + v / 3, 60) < 9 && v > 120;
      const double base = 9000 + 50000.0 * y / height;
      noise = noise * 1664525 + 1013904223;
      const double grain = (noise >> 20) * (u > 150 ? 4.0 : 0.5);
      for (const double level : {disc ? 52000 : base, bar ? 6000 : base * 0.9, disc ? 20000 : base * 0.7})
        picture.rgb.push_back(static_cast<std::uint16_t>(std::clamp(level + grain, 0.0, 65535.0)));
    }
  return picture;
}

Picture make_flat(int width, int height, std::uint16_t level) {
  return {width, height, std::vector<std::uint16_t>(static_cast<std::size_t>(width * height * 3), level)};
}

void check_values(const Plane& plane, float low, float high) {
  for (std::size_t i = 0; i < plane.pixels(); ++i) {
    const float v = plane.data()[i];
    REQUIRE(v >= low);  // false for NaN as well
    REQUIRE(v <= high);
  }
}

}  // namespace

TEST_CASE("stylize: images of odd sizes come out whole") {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 2}, {31, 7}, {1, 400}, {305, 301}}) {
    const Picture picture = make_image(width, height);
    for (const stylize::StyleInfo& style : stylize::styles()) {
      CAPTURE(width);
      CAPTURE(height);
      CAPTURE(style.name);
      CHECK(stylize::apply_style(style.name, picture.view()).size() == picture.rgb.size());
      const stylize::StyleLayers layers = stylize::style_layers(style.name, picture.view());
      CHECK(layers.line.width() == width);
      CHECK(layers.line.height() == height);
      CHECK(layers.flat.width() == width);
      check_values(layers.line, 0, 1);
      for (const Plane* plane : {&layers.flat.red, &layers.flat.green, &layers.flat.blue})
        check_values(*plane, 0, 1);
      if (!layers.tone.empty()) check_values(layers.tone, 0, 1);
    }
  }
}

TEST_CASE("stylize: flat ground has no lines") {
  for (const std::uint16_t level : {0, 12000, 33000, 65535})
    for (const stylize::StyleInfo& style : stylize::styles()) {
      CAPTURE(level);
      CAPTURE(style.name);
      const Picture picture = make_flat(40, 30, level);
      check_values(stylize::style_layers(style.name, picture.view()).line, 0, 0);
    }
  const Picture picture = make_flat(40, 30, 33000);
  const std::vector<std::uint16_t> ink = stylize::apply_style("ink", picture.view());
  for (std::size_t i = 3; i < ink.size(); ++i) REQUIRE(ink[i] == ink[i % 3]);
}

TEST_CASE("stylize: the same bits on every number of threads and every instruction set") {
  const Picture picture = make_image(333, 310);
  const int before = sumi::kernels::num_threads();
  for (const stylize::StyleInfo& style : stylize::styles()) {
    CAPTURE(style.name);
    sumi::kernels::set_num_threads(1);
    const std::vector<std::uint16_t> one = stylize::apply_style(style.name, picture.view());
    sumi::kernels::set_num_threads(2);
    CHECK(stylize::apply_style(style.name, picture.view()) == one);
    sumi::kernels::set_num_threads(3);
    const sumi::kernels::IsaScope baseline(sumi::kernels::Isa::baseline);
    CHECK(stylize::apply_style(style.name, picture.view()) == one);
  }
  sumi::kernels::set_num_threads(before);
}

TEST_CASE("stylize: bands of rows are those of the whole picture") {
  // At its own size, and analyzed at half size; in the slow form too.
  for (const auto& [side, best] : {std::pair{300, false}, {1100, false}, {1100, true}}) {
    const Picture picture = make_image(side + 60, side);
    for (const stylize::StyleInfo& style : stylize::styles()) {
      CAPTURE(style.name);
      CAPTURE(side);
      CAPTURE(best);
      stylize::StyleOptions options;
      options.best = best;
      const auto filter = stylize::make_filter(style.name, picture.view(), options);
      const stylize::Rgb whole = stylize::finished_rows(*filter, picture.view(), 0, side);
      const int first = side / 3, rows = side / 5;
      const stylize::Rgb band = stylize::finished_rows(*filter, picture.view(), first, rows);
      float worst = 0;
      for (int y = 0; y < rows; ++y)
        for (int x = 0; x < picture.width; ++x)
          worst = std::max(worst, std::fabs(band.green.row(y)[x] - whole.green.row(first + y)[x]));
      CHECK(worst <= 1.0F / 255);
    }
  }
}

TEST_CASE("stylize: what is taught depends on the neighborhood alone") {
  // Cropping changes nothing beyond the reach of the filters, since no statistics are used.
  const Picture wide = make_image(900, 260);
  Picture left{620, 260, {}};
  for (int y = 0; y < left.height; ++y)
    for (int i = 0; i < 3 * left.width; ++i)
      left.rgb.push_back(wide.rgb[static_cast<std::size_t>(y * 3 * wide.width + i)]);
  for (const stylize::StyleInfo& style : stylize::styles()) {
    CAPTURE(style.name);
    const stylize::TeacherPlanes whole = stylize::teacher_planes(style.name, wide.view()),
                                 part = stylize::teacher_planes(style.name, left.view());
    float flat = 0;
    int lines = 0;
    for (int y = 0; y < left.height; ++y)
      for (int x = 0; x < 400; ++x) {
        flat = std::max(flat, std::fabs(whole.flat.green.row(y)[x] - part.flat.green.row(y)[x]));
        lines += std::fabs(whole.line.row(y)[x] - part.line.row(y)[x]) > 0.1F;
      }
    CHECK(flat < 2.0F / 255);
    CHECK(lines < 20);  // a stroke that ends in the other part may count as small
    // The flat plane has no lines and no paper.
    check_values(whole.flat.red, 0, 1);
    check_values(whole.line, 0, 1);
    CHECK(*std::max_element(whole.line.data(), whole.line.data() + whole.line.pixels()) > 0.9F);
    CHECK(*std::min_element(whole.flat.red.data(), whole.flat.red.data() + whole.flat.red.pixels()) < 0.5F);
  }
}

TEST_CASE("stylize: an image's own statistics change nothing, another's do") {
  const Picture picture = make_image(200, 160), dark = make_flat(50, 50, 9000);
  for (const stylize::StyleInfo& style : stylize::styles()) {
    CAPTURE(style.name);
    const std::vector<std::uint16_t> alone = stylize::apply_style(style.name, picture.view());
    stylize::StyleOptions options;
    options.statistics = stylize::style_statistics(style.name, picture.view());
    CHECK(stylize::apply_style(style.name, picture.view(), options) == alone);
    options.statistics = stylize::style_statistics(style.name, dark.view());
    CHECK(stylize::apply_style(style.name, picture.view(), options) != alone);
  }
}

TEST_CASE("stylize: 16 bits are kept, and parameters do something") {
  Picture slope{256, 40, {}};
  for (int i = 0; i < 256 * 40 * 3; ++i)
    slope.rgb.push_back(static_cast<std::uint16_t>(20000 + 9 * (i / 3 % 256)));
  const std::vector<std::uint16_t> ink = stylize::apply_style("ink", slope.view());
  CHECK(std::count_if(ink.begin(), ink.end(), [](std::uint16_t v) { return v % 257 != 0; }) > 10000);
  const Picture picture = make_image(120, 100);
  for (const stylize::StyleInfo& style : stylize::styles()) {
    const std::vector<std::uint16_t> plain = stylize::apply_style(style.name, picture.view());
    for (const stylize::StyleParameter& parameter : style.parameters) {
      CAPTURE(style.name);
      CAPTURE(parameter.name);
      CHECK(parameter.low <= parameter.value);
      CHECK(parameter.value <= parameter.high);
      for (const double end : {parameter.low, parameter.high})
        CHECK(
            stylize::apply_style(style.name, picture.view(), {{{parameter.name, end}}, nullptr, {}}).size() ==
            plain.size());
    }
    const stylize::StyleOptions no_lines{{{"line", 0}}, nullptr, {}};
    check_values(stylize::style_layers(style.name, picture.view(), no_lines).line, 0, 0);
  }
}

TEST_CASE("stylize: hands differ in their lines alone, and a pen is narrower than a brush") {
  const Picture picture = make_image(240, 200);
  for (const stylize::StyleInfo& style : stylize::styles()) {
    CAPTURE(style.name);
    std::vector<stylize::StyleLayers> hands;
    std::vector<double> covers;
    for (int hand = 0; hand < stylize::kLineHands; ++hand) {
      hands.push_back(stylize::style_layers(style.name, picture.view(),
                                            {{{"hand", static_cast<double>(hand)}}, nullptr, {}}));
      const Plane& line = hands.back().line;
      covers.push_back(std::accumulate(line.data(), line.data() + line.pixels(), 0.0));
      check_values(line, 0, 1);
    }
    for (std::size_t k = 1; k < hands.size(); ++k) {
      const Plane &still = hands[0].flat.red, &flat = hands[k].flat.red;
      CHECK(std::equal(flat.data(), flat.data() + flat.pixels(), still.data()));
      for (std::size_t i = 0; i < k; ++i)
        CHECK_FALSE(
            std::equal(hands[k].line.data(), hands[k].line.data() + flat.pixels(), hands[i].line.data()));
      CHECK(covers[k] > 0.5 * covers[0]);
      CHECK(covers[k] < 1.7 * covers[0]);
    }
  }
  Picture disc = make_flat(512, 512, 52000);
  for (int y = 0; y < 512; ++y)
    for (int x = 0; x < 512; ++x)
      if (std::hypot(x - 256, y - 256) < 150)
        std::fill_n(disc.rgb.begin() + 3 * (y * std::ptrdiff_t{512} + x), 3, std::uint16_t{16000});
  const auto cover = [&](double hand) {
    const Plane line = stylize::style_layers("ink", disc.view(), {{{"hand", hand}}, nullptr, {}}).line;
    return std::accumulate(line.data(), line.data() + line.pixels(), 0.0);
  };
  CHECK(cover(1) < 0.95 * cover(0));
  CHECK(cover(2) > 1.05 * cover(0));
}

TEST_CASE("stylize: what is unknown or out of range is refused by name") {
  const Picture picture = make_flat(4, 4, 100);
  CHECK_THROWS_WITH_AS(stylize::apply_style("cubist", picture.view()),
                       doctest::Contains("[--style] there is no cubist; use ink"), sumi::Error);
  CHECK_THROWS_WITH_AS(stylize::apply_style("ink", picture.view(), {{{"dots", 1}}, nullptr, {}}),
                       doctest::Contains("ink has no dots; use line"), sumi::Error);
  CHECK_THROWS_WITH_AS(stylize::apply_style("ink", picture.view(), {{{"levels", 1}}, nullptr, {}}),
                       doctest::Contains("levels=1 is out of range"), sumi::Error);
}

TEST_CASE("stylize: a wide blur is a Gaussian") {
  for (const float sigma : {0.7F, 2.0F, 3.9F, 4.5F, 11.0F}) {
    CAPTURE(sigma);
    Plane point(129, 121, 0.0F);
    point.row(60)[64] = 1;
    const Plane spread = stylize::blur(point, sigma);
    double sum = 0, across = 0, down = 0;
    for (int y = 0; y < 121; ++y)
      for (int x = 0; x < 129; ++x) {
        const double v = double(spread.row(y)[x]);
        sum += v;
        across += v * (x - 64) * (x - 64);
        down += v * (y - 60) * (y - 60);
      }
    CHECK(sum == doctest::Approx(1).epsilon(0.001));
    // Truncated at three sigma, its variance is 0.97 of the full one.
    CHECK(across == doctest::Approx(double(sigma * sigma)).epsilon(0.05));
    CHECK(down == doctest::Approx(double(sigma * sigma)).epsilon(0.05));
  }
}

TEST_CASE("stylize: small parts go, with all that is joined by corners counted") {
  Plane x(12, 9, 0.0F);
  for (int i = 0; i < 5; ++i) x.row(i)[i] = 1;  // a diagonal of five
  x.row(1)[8] = 1;                              // two
  x.row(1)[9] = 0.8F;
  x.row(0)[9] = 0.2F;  // the rim of the second, below the threshold
  const Plane five = stylize::drop_small(x, 5, 0.5F);
  CHECK(five.row(4)[4] == 1);
  CHECK(five.row(1)[8] == 0);
  CHECK(five.row(0)[9] == 0);
  const Plane two = stylize::drop_small(x, 2, 0.5F);
  CHECK(two.row(0)[9] == 0.2F);
  const Plane weight(12, 9, 2.5F);
  CHECK(stylize::drop_small(x, 5, 0.5F, &weight).row(1)[9] == 0.8F);
}

TEST_CASE("stylize: a screen inks as much as its cover says") {
  const Plane field = stylize::dots(400, 400, {7.3F, 27, 0.2F, 0.4F});
  for (const float cover : {0.1F, 0.3F, 0.5F, 0.8F}) {
    const auto inked =
        std::count_if(field.data(), field.data() + field.pixels(), [=](float t) { return t < cover; });
    CHECK(static_cast<double>(inked) / 160000 == doctest::Approx(double(cover)).epsilon(0.08));
  }
}

TEST_CASE("stylize: planes doubled by cubics, where pixels share their weights, and other sizes") {
  const int width = 18, height = 11;
  Plane x(width, height);
  for (std::size_t i = 0; i < x.pixels(); ++i) x.data()[i] = static_cast<float>(i * 7919 % 101);
  const auto weight = [](double d) {
    const double a = -0.75;
    return d < 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
  };
  for (const auto& [wide, high] : {std::pair{2 * width, 2 * height}, {2 * width - 1, 2 * height}, {50, 31}}) {
    CAPTURE(wide);
    const Plane large = stylize::resize_cubic(x, wide, high);
    double worst = 0;
    for (int v = 0; v < high; ++v)
      for (int u = 0; u < wide; ++u) {
        const double px = (u + 0.5) * width / wide - 0.5, py = (v + 0.5) * height / high - 0.5;
        double sum = 0;
        for (int j = int(std::floor(py)) - 1; j <= int(std::floor(py)) + 2; ++j)
          for (int i = int(std::floor(px)) - 1; i <= int(std::floor(px)) + 2; ++i)
            sum += weight(std::fabs(i - px)) * weight(std::fabs(j - py)) *
                   double(x.row(std::clamp(j, 0, height - 1))[std::clamp(i, 0, width - 1)]);
        worst = std::max(worst, std::fabs(sum - double(large.row(v)[u])));
      }
    CHECK(worst < 1e-3);
  }
}

TEST_CASE("stylize: lines that are wanted somewhere are there what they are elsewhere") {
  const Picture picture = make_image(180, 150);
  const stylize::Lab lab = stylize::to_lab(picture.view());
  const stylize::Flow flow = stylize::tensor_flow(lab.L, 1);
  Plane where(180, 150, 0.0F);
  for (int y = 60; y < 80; ++y) std::fill_n(where.row(y) + 50, 30, 0.5F);
  stylize::FdogOptions options;
  const Plane all = stylize::fdog(lab.L, 0.01F, flow, 1, options);
  options.ignore = 0.004F;
  const Plane strong = stylize::fdog(lab.L, 0.01F, flow, 1, options);
  options.ignore = 0;
  options.where = &where;
  options.around = 12;
  const Plane some = stylize::fdog(lab.L, 0.01F, flow, 1, options);
  int same = 0, lines = 0;
  for (int y = 0; y < 150; ++y)
    for (int x = 0; x < 180; ++x) {
      const float wanted = all.row(y)[x];
      if (x >= 50 - 4 && x < 80 + 4 && y >= 60 - 4 && y < 80 + 4) {
        REQUIRE(some.row(y)[x] == wanted);
        same += wanted != 0 ? 1 : 0;
      }
      lines += wanted >= 0.004F ? 1 : 0;
      if (wanted >= 0.004F)
        REQUIRE(strong.row(y)[x] == wanted);
      else
        REQUIRE(strong.row(y)[x] < 0.004F);
    }
  CHECK(same > 100);
  CHECK(lines > 100);
  CHECK(some.row(0)[0] == 0);
}

TEST_CASE("stylize: blurs of masks are near the others") {
  const Picture picture = make_image(180, 150);
  const Plane L = stylize::to_lab(picture.view()).L;
  for (const float sigma : {1.0F, 2.5F, 3.5F, 9.0F}) {
    CAPTURE(sigma);
    const Plane exact = stylize::blur(L, sigma), coarse = stylize::blur_mask(L, sigma);
    float worst = 0;  // away from the border, which is reflected about another place
    for (int y = 30; y < 120; ++y)
      for (int x = 30; x < 150; ++x) worst = std::max(worst, std::fabs(exact.row(y)[x] - coarse.row(y)[x]));
    CHECK(worst < 1);  // of 100
  }
}
