#include "engine/image/plot.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "kernels/base/check.h"
#include "tests/support.h"

namespace fs = std::filesystem;
using namespace sumi;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Series line(const std::string& name, std::vector<double> ys) {
  Series s{name, {}, std::move(ys), Rgb{255, 0, 0}};
  for (std::size_t i = 0; i < s.ys.size(); ++i) s.xs.push_back(static_cast<double>(i));
  return s;
}

// The number of pure red pixels in the plot area, without the legend.
int red(const Image8& image) {
  int count = 0;
  for (int y = 70; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const auto* p = image.at(x, y);
      count += p[0] > 200 && p[1] < 60 && p[2] < 60;
    }
  return count;
}

}  // namespace

TEST_CASE("plot: a curve is drawn, rises to the right, and the file is written atomically") {
  std::vector<double> rising;
  for (int i = 0; i < 500; ++i) rising.push_back(i * 0.01);
  const auto image = draw_curves("title", {{line("a", rising)}});
  CHECK(image.width == 900);
  CHECK(image.height == 600);
  CHECK(red(image) > 800);
  const auto column = [&](int x) {
    for (int y = 70; y < image.height; ++y)
      if (image.at(x, y)[0] > 200 && image.at(x, y)[1] < 60) return y;
    return -1;
  };
  CHECK(column(200) > column(700) + 200);
  const test::TempDir folder;
  const fs::path& dir = folder.path;
  plot_curves(dir / "loss.png", "title", {{line("a", rising)}, {line("b", {1, 2})}});
  CHECK(load_image(dir / "loss.png").width == 900);
  CHECK(std::distance(fs::directory_iterator(dir), fs::directory_iterator()) == 1);
}

TEST_CASE("plot: one spike does not flatten the rest") {
  std::vector<double> ys;
  for (int i = 0; i < 400; ++i) ys.push_back(i == 100 ? 1e6 : std::sin(i * 0.05));
  CHECK(red(draw_curves("", {{line("a", ys)}})) > 2000);
}

TEST_CASE("plot: nothing, gaps, single points, constants and giants") {
  CHECK(red(draw_curves("", {})) == 0);
  CHECK(red(draw_curves("", {{}})) == 0);
  CHECK(red(draw_curves("", {{line("a", {})}})) == 0);
  CHECK(red(draw_curves("", {{line("a", {kNaN, kInf, -kInf})}})) == 0);
  CHECK(red(draw_curves("", {{line("a", {0.5})}})) > 5);
  CHECK(red(draw_curves("", {{line("a", {1, kNaN, 2, kInf, 3})}})) > 5);
  CHECK(red(draw_curves("", {{line("a", {7, 7, 7})}})) > 500);
  CHECK(red(draw_curves("", {{line("a", {0, 0})}})) > 500);
  CHECK(red(draw_curves("", {{line("a", {1e90, -1e90, 1e308})}})) > 100);
  CHECK(red(draw_curves("", {{line("a", {1e-300, 2e-300})}})) > 100);
  CHECK(red(draw_curves("", {{line("a", {1e15, 1e15 + 1, 1e15})}})) > 100);
  Series strange = line("a", {1, 2, 3});
  strange.xs = {kNaN, kInf, 1};
  CHECK_NOTHROW(draw_curves("", {{strange}}));
  CHECK_NOTHROW(draw_curves("", {{line("a", {1, 2})}}, {.width = 1, .height = 1}));
  strange.xs.pop_back();
  CHECK_THROWS_AS(draw_curves("", {{strange}}), Error);
}

TEST_CASE("plot: a long history is drawn in constant time") {
  std::vector<double> ys(2'000'000, 1.0);
  CHECK(red(draw_curves("", {{line("a", ys)}})) > 500);
}
