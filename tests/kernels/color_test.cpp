// Color spaces: published colors, round trips, derivatives by central differences, and every
// backend against the reference.
#include "kernels/color.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "kernels/cpu/power.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;

constexpr Color every_color[] = {Color::rgb_to_lab, Color::lab_to_rgb, Color::rgb_to_yuv, Color::yuv_to_rgb};

Shape row_of(const Numbers& x) {
  return {1, 1, static_cast<std::int64_t>(x.size()) / 3, 3};
}
Job convert_job(Color c, const Shape& s, const Numbers& x) {
  return {name_of(c), {{s, x}}, {s}, [c](const Exec& e, const Ins& in, Outs& out, Write) {
            convert_color(e, c, in[0], out[0]);
          }};
}
Job color_grad_job(Color c, const Shape& s, const Numbers& x, const Numbers& dy) {
  return {std::string(name_of(c)) + " gradient",
          {{s, x}, {s, dy}},
          {s},
          [c](const Exec& e, const Ins& in, Outs& out, Write w) {
            convert_color_grad(e, c, in[0], in[1], out[0], w);
          },
          true};
}
Numbers converted(Color c, const Numbers& x) {
  return expected(convert_job(c, row_of(x), x), DType::f64)[0];
}

// Colors of the cube, and of dark ones, where the curves are lines.
Numbers rgb(std::int64_t pixels, std::uint64_t seed) {
  Numbers x = reals(3 * pixels, seed, -1, 1);
  for (std::size_t i = 0; i < x.size() / 4; ++i) x[i] = -1 + 0.01 * (x[i] + 1);
  return x;
}
// Inputs of convert_color: RGB colors, in the space that `c` starts from.
Numbers inputs(Color c, std::int64_t pixels, std::uint64_t seed) {
  const Numbers x = rgb(pixels, seed);
  if (c == Color::lab_to_rgb) return converted(Color::rgb_to_lab, x);
  if (c == Color::yuv_to_rgb) return converted(Color::rgb_to_yuv, x);
  return x;
}

}  // namespace

TEST_CASE("color: Lab of the primaries, white, black and a gray") {
  // The usual tables (D65, 2 degrees), whose white points differ in the second decimal.
  const Numbers x = {1, -1, -1, -1, 1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, 0, 0, 0};
  const Numbers want = {53.24, 80.09, 67.20, 87.73, -86.18, 83.18, 32.30, 79.19, -107.86,
                        100,   0,     0,     0,     0,      0,     53.39, 0,     0};
  const Numbers lab = converted(Color::rgb_to_lab, x);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double value = i % 3 == 0 ? (lab[i] + 1) * 50 : lab[i] * 110;
    CAPTURE(i);
    CHECK(std::abs(value - want[i]) < 0.03);
    if (i % 3 && want[i] == 0) CHECK(std::abs(value) < 1e-12);  // grays have no color
  }
}

TEST_CASE("color: YUV is TensorFlow's") {
  // tf.image.rgb_to_yuv of the three primaries and of white
  expect_close("yuv", converted(Color::rgb_to_yuv, {1, -1, -1, -1, 1, -1, -1, -1, 1, 1, 1, 1}),
               {0.299, -0.14714119, 0.61497538, 0.587, -0.28886916, -0.51496512, 0.114, 0.43601035,
                -0.10001026, 1, 0, 0},
               {0, 1e-8});
}

TEST_CASE("color: there and back again") {
  const Numbers x = rgb(200, 1);
  // The two pieces of sRGB's curve meet to seven digits only.
  expect_close("Lab", converted(Color::lab_to_rgb, converted(Color::rgb_to_lab, x)), x, {0, 1e-6});
  expect_close("YUV", converted(Color::yuv_to_rgb, converted(Color::rgb_to_yuv, x)), x, {0, 1e-13});
}

TEST_CASE("color: gradients by central differences") {
  const std::int64_t pixels = 20;
  for (Color c : every_color) {
    const Numbers x = inputs(c, pixels, 5), dy = reals(3 * pixels, 6);
    check_gradient(
        name_of(c), [&](const Numbers& at) { return dot(converted(c, at), dy); }, x,
        expected(color_grad_job(c, row_of(x), x, dy), DType::f64)[0], 1e-6);
  }
}

TEST_CASE("color: backends against the reference") {
  for (const Shape& s : {Shape{1, 1, 1, 3}, Shape{2, 5, 7, 3}, Shape{1, 33, 31, 3}})
    for (Color c : every_color)
      for (DType t : {DType::f32, DType::bf16}) {
        const Numbers x = inputs(c, s.count() / 3, 7);
        check_job(convert_job(c, s, x), t, rounding(t));
        // A dark channel of a bright color is a small difference of large numbers, and its curve is
        // steep there.
        Tol tol = rounding(t);
        if (c == Color::lab_to_rgb && t == DType::f32) tol.rel = 1e-4;
        check_job(color_grad_job(c, s, x, reals(s.count(), 8)), t, tol);
      }
}

TEST_CASE("color: NaN stays in its pixel") {
  const double nan = std::nan("");
  for (Device device : every_device())
    for (Color c : every_color) {
      const auto y =
          run(convert_job(c, {1, 1, 2, 3}, {nan, nan, nan, 0, 0, 0}), device, DType::f32).values[0];
      for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i < 3));
    }
}

TEST_CASE("color: powers on the processor, in units in the last place") {
  struct Bound {
    double exponent, ulp;
  };
  for (const auto& [a, bound] : {Bound{2.4, 3}, Bound{1.4, 2}, Bound{1 / 2.4, 1.5}, Bound{1 / 2.4 - 1, 1.5},
                                 Bound{1.0 / 3, 1.5}, Bound{-2.0 / 3, 1.5}}) {
    double worst = 0;
    for (std::uint32_t bits = 0x38000000; bits < 0x45000000; bits += 2003) {  // 2^-15 to 2^11
      const float x = std::bit_cast<float>(bits);
      const double want = std::pow(static_cast<double>(x), a);
      const double error = std::abs(cpu::power_f32(x, cpu::Exponent(a)) - want);
      worst = std::max(worst, error / std::ldexp(1.0, std::ilogb(want) - 23));
    }
    CAPTURE(a);
    CHECK(worst <= bound);
    CHECK(worst > 0.5);  // it measures something
  }
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(cpu::power_f32(inf, cpu::Exponent(1.0 / 3)) == inf);
  CHECK(cpu::power_f32(1e30F, cpu::Exponent(1.4)) == inf);
  CHECK(std::isnan(cpu::power_f32(std::nanf(""), cpu::Exponent(1.4))));
  CHECK(cpu::power_f32(1.0F, cpu::Exponent(1.4)) == 1.0F);
}

TEST_CASE("color: outside of the cube the curves go on, and infinity does not become a number") {
  const double inf = std::numeric_limits<double>::infinity();
  const Shape s{1, 1, 24, 3};
  Numbers x = reals(s.count(), 9, -3, 3);
  for (Device device : every_device()) {
    for (Color c : every_color)
      expect_close(name_of(c), run(convert_job(c, s, x), device, DType::f32).values[0],
                   expected(convert_job(c, s, x), DType::f32)[0], rounding(DType::f32));
    const auto white = run(convert_job(Color::rgb_to_lab, {1, 1, 1, 3}, {inf, inf, inf}), device, DType::f32);
    CHECK(!std::isfinite(white.values[0][0]));  // so that --check finds it
  }
}

}  // namespace sumi::test
