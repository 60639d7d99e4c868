// Exported weights; the files themselves are judged by PyTorch (tests/parity/export_pth_parity.py).
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "models/export/export_format.h"
#include "tests/support.h"

using namespace sumi;

TEST_CASE("half_bits: rounds to nearest even over the whole range") {
  CHECK(half_bits(0.0F) == 0x0000);
  CHECK(half_bits(-0.0F) == 0x8000);
  CHECK(half_bits(1.0F) == 0x3c00);
  CHECK(half_bits(-2.0F) == 0xc000);
  CHECK(half_bits(65504.0F) == 0x7bff);  // the largest
  CHECK(half_bits(65519.9F) == 0x7bff);
  CHECK(half_bits(65520.0F) == 0x7c00);  // infinity from the midpoint on
  CHECK(half_bits(std::numeric_limits<float>::infinity()) == 0x7c00);
  CHECK(half_bits(std::numeric_limits<float>::quiet_NaN()) == 0x7e00);
  CHECK(half_bits(std::ldexp(1.0F, -14)) == 0x0400);  // the smallest normal number
  CHECK(half_bits(std::ldexp(1.0F, -24)) == 0x0001);  // the smallest
  CHECK(half_bits(std::ldexp(1.0F, -25)) == 0x0000);  // a tie, to even
  CHECK(half_bits(std::ldexp(3.0F, -25)) == 0x0002);
  CHECK(half_bits(1 + std::ldexp(1.0F, -11)) == 0x3c00);  // ties
  CHECK(half_bits(1 + std::ldexp(3.0F, -11)) == 0x3c02);
  CHECK(half_bits(1 + std::ldexp(1.1F, -11)) == 0x3c01);
}

TEST_CASE("export_format: the name of the file or --format says it, never both differently") {
  CHECK(std::string(export_format("", "a.pth").name) == "pth");
  CHECK(std::string(export_format("", "a.pt").name) == "pth");
  CHECK(std::string(export_format("", "a").name) == "safetensors");
  CHECK(std::string(export_format("pth", "a").name) == "pth");
  CHECK_THROWS_AS(export_format("pth", "a.safetensors"), Error);
  CHECK_THROWS_AS(export_format("", "a.npz"), Error);
  CHECK_THROWS_AS(export_format("npz", "a"), Error);
}
