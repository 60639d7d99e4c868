// Image losses: values by hand, derivatives by central differences, and every backend against the
// reference.
#include "kernels/image_loss.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;

// Outputs: the loss and its gradient, or the loss alone.
Job variation_job(const Shape& s, const Numbers& x, bool with_grad = true) {
  Job job{"total_variation " + s.str(),
          {{s, x}},
          {Shape::scalar(), s},
          [](const Exec& e, const Ins& in, Outs& out, Write) {
            total_variation(e, in[0], out[0], out.size() > 1 ? out[1].mutable_view() : MutView{});
          }};
  if (!with_grad) job.out.resize(1);
  return job;
}
Job color_job(double delta, const Shape& s, const Numbers& x, const Numbers& target, bool with_grad = true) {
  Job job{"color_loss " + s.str(),
          {{s, x}, {s, target}},
          {Shape::scalar(), s},
          [delta](const Exec& e, const Ins& in, Outs& out, Write) {
            color_loss(e, delta, in[0], in[1], out[0], out.size() > 1 ? out[1].mutable_view() : MutView{});
          }};
  if (!with_grad) job.out.resize(1);
  return job;
}
// A single pixel, single rows and columns, a row longer than the CPU's partial sums, and several
// images.
constexpr Shape picture_shapes[] = {{1, 1, 1, 1}, {2, 1, 5, 3},   {2, 6, 1, 2},  {1, 2, 2, 1},
                                    {3, 5, 7, 3}, {1, 3, 300, 3}, {2, 40, 33, 3}};

}  // namespace

TEST_CASE("total_variation: an image by hand") {
  // Down 3 and 4, across 1 and 2: (9 + 16) / 2 / 2 + (1 + 4) / 2 / 2.
  const Values y = expected(variation_job({1, 2, 2, 1}, {0, 1, 3, 5}), DType::f64);
  CHECK(y[0][0] == 7.5);
  CHECK(y[1] == Numbers{-2, -1.5, 0.5, 3});
  // channels are not adjacent pixels
  CHECK(only_number(variation_job({1, 1, 1, 3}, {1, 2, 3})) == 0);
  CHECK(only_number(variation_job({2, 1, 1, 1}, {1, 5})) == 0);  // nor are images
}

TEST_CASE("color_loss: colors by hand") {
  const Shape pixel{1, 1, 1, 3};
  CHECK(only_number(color_job(1, pixel, {1, 1, 1}, {-1, -1, -1})) == doctest::Approx(1).epsilon(1e-14));
  const double y = 0.299, u = 0.14714119, v = 0.61497538;  // of red
  CHECK(only_number(color_job(1, pixel, {1, -1, -1}, {-1, -1, -1})) ==
        doctest::Approx(y + u * u / 2 + v * v / 2).epsilon(1e-7));
  CHECK(only_number(color_job(0.5, pixel, {1, -1, -1}, {-1, -1, -1})) ==
        doctest::Approx(y + u * u / 2 + 0.5 * (v - 0.25)).epsilon(1e-7));
  CHECK(expected(color_job(1, pixel, {0.5, 0, 1}, {0.5, 0, 1}), DType::f64)[1] == Numbers{0, 0, 0});
}

TEST_CASE("image losses: gradients by central differences") {
  for (const Shape& s : picture_shapes) {
    if (s.count() > 200) continue;
    const Numbers x = reals(s.count(), 1), target = reals(s.count(), 2);
    check_gradient(
        "total_variation", [&](const Numbers& at) { return only_number(variation_job(s, at)); }, x,
        expected(variation_job(s, x), DType::f64)[1]);
    if (s.c != 3) continue;
    for (double delta : {1.0, 0.3})
      check_gradient(
          "color_loss", [&](const Numbers& at) { return only_number(color_job(delta, s, at, target)); }, x,
          expected(color_job(delta, s, x, target), DType::f64)[1]);
  }
}

TEST_CASE("image losses: backends against the reference") {
  for (const Shape& s : picture_shapes)
    for (DType t : {DType::f32, DType::bf16}) {
      const Numbers x = reals(s.count(), 1, -1, 1), target = reals(s.count(), 2, -1, 1);
      for (bool with_grad : {false, true}) {
        check_job(variation_job(s, x, with_grad), t, rounding(t));
        if (s.c == 3) check_job(color_job(0.3, s, x, target, with_grad), t, rounding(t));
      }
      for (Device device : every_device())
        CHECK(run(variation_job(s, x, false), device, t).bits[0] ==
              run(variation_job(s, x), device, t).bits[0]);
    }
}

TEST_CASE("image losses: NaN stays in the value") {
  const Shape s{1, 2, 2, 3};
  Numbers x = reals(s.count(), 1);
  x[7] = std::nan("");
  for (Device device : every_device()) {
    CHECK(std::isnan(run(variation_job(s, x), device, DType::f32).values[0][0]));
    CHECK(std::isnan(run(color_job(1, s, x, reals(s.count(), 2)), device, DType::f32).values[0][0]));
  }
}

}  // namespace sumi::test
