// Softmax and cross-entropy: values by hand, derivatives by central differences, numbers far from
// zero, and every backend against the reference.
#include "kernels/softmax.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;

// A single channel, fewer than a warp, exactly one, one more, and several; rows for less and more
// than one block.
constexpr Shape softmax_shapes[] = {{1, 1, 1, 1},  {3, 1, 1, 2},   {5, 1, 1, 10},   {2, 3, 5, 7},
                                    {9, 1, 1, 32}, {17, 1, 1, 33}, {2, 1, 1, 1000}, {70, 1, 1, 65}};

Job softmax_job(const Shape& s, const Numbers& x) {
  return {"softmax " + s.str(), {{s, x}}, {s}, [](const Exec& e, const Ins& in, Outs& out, Write) {
            softmax(e, in[0], out[0]);
          }};
}
Job softmax_grad_job(const Shape& s, const Numbers& y, const Numbers& dy) {
  return {"softmax_grad " + s.str(),
          {{s, y}, {s, dy}},
          {s},
          [](const Exec& e, const Ins& in, Outs& out, Write w) { softmax_grad(e, in[0], in[1], out[0], w); },
          true};
}
// Outputs: the loss and its gradient.
Job entropy_job(const Shape& s, const Numbers& x, const Numbers& t) {
  return {
      "cross_entropy " + s.str(),
      {{s, x}, {s, t}},
      {Shape::scalar(), s},
      [](const Exec& e, const Ins& in, Outs& out, Write) { cross_entropy(e, in[0], in[1], out[0], out[1]); }};
}

// Row i is of class 7 i, counted round.
Numbers one_hot(const Shape& s) {
  Numbers t(static_cast<std::size_t>(s.count()));
  for (std::int64_t row = 0; row < s.count() / s.c; ++row)
    t[static_cast<std::size_t>(row * s.c + 7 * row % s.c)] = 1;
  return t;
}

}  // namespace

TEST_CASE("softmax: values known by hand") {
  const Shape pair{2, 1, 1, 2};
  expect_close("softmax", expected(softmax_job(pair, {0, std::log(3.0), 7, 7}), DType::f64)[0],
               {0.25, 0.75, 0.5, 0.5}, rounding(DType::f64));
  expect_close("softmax_grad",
               expected(softmax_grad_job(pair, {0.25, 0.75, 0.5, 0.5}, {1, 0, 3, 3}), DType::f64)[0],
               {0.1875, -0.1875, 0, 0}, rounding(DType::f64));
  const auto loss = expected(entropy_job(pair, {0, std::log(3.0), 7, 7}, {1, 0, 0, 1}), DType::f64);
  expect_close("cross_entropy", loss[0], {(std::log(4.0) + std::log(2.0)) / 2}, rounding(DType::f64));
  expect_close("its gradient", loss[1], {-0.375, 0.375, 0.25, -0.25}, rounding(DType::f64));
}

TEST_CASE("softmax: gradients by central differences") {
  for (const Shape& s : {softmax_shapes[0], softmax_shapes[2], softmax_shapes[3]}) {
    const auto x = reals(s.count(), 1), dy = reals(s.count(), 2), weights = reals(s.count(), 3, 0, 1);
    const auto y = expected(softmax_job(s, x), DType::f64)[0];
    check_gradient(
        "softmax", [&](const Numbers& at) { return dot(expected(softmax_job(s, at), DType::f64)[0], dy); }, x,
        expected(softmax_grad_job(s, y, dy), DType::f64)[0]);
    for (const Numbers& t : {one_hot(s), weights})
      check_gradient(
          "cross_entropy",
          [&](const Numbers& at) { return expected(entropy_job(s, at, t), DType::f64)[0][0]; }, x,
          expected(entropy_job(s, x, t), DType::f64)[1]);
  }
}

TEST_CASE("softmax: backends against the reference") {
  for (const Shape& s : softmax_shapes)
    for (DType t : {DType::f32, DType::bf16}) {
      const auto x = reals(s.count(), 1, -6, 6);
      check_job(softmax_job(s, x), t, rounding(t));
      const auto y = rounded(expected(softmax_job(s, x), t)[0], t);
      check_job(softmax_grad_job(s, y, reals(s.count(), 2)), t, rounding(t));
      for (const Numbers& target : {one_hot(s), reals(s.count(), 3, 0, 1)})
        check_job(entropy_job(s, x, target), t, rounding(t));
    }
}

TEST_CASE("softmax: far from zero, and classes that are ruled out") {
  const double inf = std::numeric_limits<double>::infinity();
  const Shape s{2, 1, 1, 3};
  for (Device device : every_device()) {
    CAPTURE(device.str());
    const Numbers x = {1000, 1000, -1000, -inf, -3000, -3000};
    CHECK(run(softmax_job(s, x), device, DType::f32).values[0] == Numbers{0.5, 0.5, 0, 0, 0.5, 0.5});
    const auto loss = run(entropy_job(s, x, {0, 0, 1, 0, 1, 0}), device, DType::f32).values;
    expect_close("loss", loss[0], {1000 + std::log(2.0)}, rounding(DType::f32));
    expect_close("gradient", loss[1], {0.25, 0.25, -0.5, 0, -0.25, 0.25}, rounding(DType::f32));
  }
}

TEST_CASE("softmax: NaN spoils its own row, in place as well") {
  const Shape s{2, 1, 1, 40};
  Numbers x = reals(s.count(), 1);
  x[33] = std::numeric_limits<double>::quiet_NaN();
  for (Device device : every_device()) {
    Bench b(device);
    Buffer y(s, DType::f32, device, x);
    softmax(b.exec, y, y);
    const auto values = y.get();
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(std::isnan(values[i]) == (i < 40));
  }
}

TEST_CASE("cross_entropy: without a gradient") {
  const Shape s{5, 1, 1, 10};
  const auto x = reals(s.count(), 1), t = one_hot(s);
  const auto want = expected(entropy_job(s, x, t), DType::f32)[0];
  for (Device device : every_device()) {
    Bench b(device);
    Buffer xs(s, DType::f32, device, x), ts(s, DType::f32, device, t), y(Shape::scalar(), DType::f32, device);
    cross_entropy(b.exec, xs, ts, y, MutView{});
    expect_close("cross_entropy", y.get(), want, rounding(DType::f32));
  }
}

}  // namespace sumi::test
