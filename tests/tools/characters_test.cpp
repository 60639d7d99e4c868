// The weights that ship for line drawings (weights/characters.md), on drawings that they were not
// trained on.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/image/image.h"
#include "tests/tools/program.h"

using namespace program;

namespace {

struct Pixel {
  int darkest, brightest;  // of its channels
};

Pixel pixel(const sumi::Image8& image, int x, int y) {
  const auto [low, high] = std::minmax_element(image.at(x, y), image.at(x, y) + image.channels);
  return {*low, *high};
}

// Every pixel within `radius` of (x, y) is darker than 64 (ink), or brighter than 240 (paper).
bool all_around(const sumi::Image8& drawing, int x, int y, int radius, bool ink) {
  for (int v = std::max(0, y - radius); v <= std::min(drawing.height - 1, y + radius); ++v)
    for (int u = std::max(0, x - radius); u <= std::min(drawing.width - 1, x + radius); ++u) {
      const Pixel p = pixel(drawing, u, v);
      if (ink ? p.brightest >= 64 : p.darkest <= 240) return false;
    }
  return true;
}

}  // namespace

TEST_CASE("characters: the weights that ship color drawings, with every line in its place") {
  const char* root = std::getenv("SUMI_SOURCE_DIR");
  REQUIRE(root);
  const auto drawings = std::filesystem::path(root) / "samples/drawings";
  const Folder folder;
  const Result made =
      run(folder, "convert -m characters --threads 1 -i " + drawings.string() + " -o comics -f png");
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(drawings)) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const sumi::Image8 drawing = sumi::load_image(entry.path());
    const sumi::Image8 comic = sumi::load_image(folder / ("comics/" + name));
    REQUIRE(comic.width == drawing.width);
    REQUIRE(comic.height == drawing.height);
    int ink = 0, kept = 0, margin = 0, clean = 0, colored = 0;
    for (int y = 0; y < drawing.height; ++y)
      for (int x = 0; x < drawing.width; ++x) {
        const Pixel now = pixel(comic, x, y);
        if (pixel(drawing, x, y).brightest < 64) {
          ++ink;
          kept += now.brightest < 110;
        }
        if (y < 10 && all_around(drawing, x, y, 4, false)) {  // above the heads
          ++margin;
          clean += now.darkest > 235;
        }
        colored += now.brightest - now.darkest > 30;
      }
    CHECK(kept > 0.9 * ink);
    CHECK(clean > 0.99 * margin);
    CHECK(colored > 0.15 * drawing.width * drawing.height);  // skin and shirt
    CHECK(colored < 0.55 * drawing.width * drawing.height);
    ++count;
  }
  CHECK(count == 12);
}
