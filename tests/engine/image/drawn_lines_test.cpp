// The strokes of a drawing.
#include "engine/image/drawn_lines.h"

#include <doctest/doctest.h>

#include "engine/error.h"

using namespace sumi;

TEST_CASE("drawn lines: thin strokes on paint of any color, not wide areas or weak shades") {
  Image8 gray(60, 40, 1, 240);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 20; ++x) *gray.at(x, y) = 120;   // paint
    for (int x = 40; x < 60; ++x) *gray.at(x, y) = 10;   // black, 20 wide
    for (const int x : {8, 9, 30}) *gray.at(x, y) = 12;  // strokes
    *gray.at(34, y) = 200;                               // a shade
  }
  const Image8 lines = drawn_lines(gray);
  CHECK(lines.channels == 1);
  for (int x = 0; x < 60; ++x) {
    CAPTURE(x);
    CHECK(*lines.at(x, 20) == (x == 8 || x == 9 || x == 30 ? 255 : 0));
  }
}

TEST_CASE("drawn lines: colored images are refused") {
  CHECK_THROWS_AS(drawn_lines(Image8(8, 8, 3)), Error);
}
