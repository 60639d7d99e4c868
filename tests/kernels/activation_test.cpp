// Functions of one operand: known values, derivatives by central differences, kinks, NaN, and every
// backend against the reference.
#include "kernels/activation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr double alpha = 0.2;
constexpr Unary every_unary[] = {Unary::identity, Unary::relu,     Unary::leaky_relu, Unary::tanh,
                                 Unary::sigmoid,  Unary::softplus, Unary::exp,        Unary::log,
                                 Unary::sqrt,     Unary::square,   Unary::abs,        Unary::reciprocal,
                                 Unary::heaviside};

Job forward_job(Unary f, Shape shape, const std::vector<double>& x) {
  return {name_of(f), {{shape, x}}, {shape}, [f](const Exec& e, const Ins& in, Outs& out, Write) {
            unary(e, f, alpha, in[0], out[0]);
          }};
}
Job grad_job(Unary f, Shape shape, const std::vector<double>& x, const std::vector<double>& y,
             const std::vector<double>& dy) {
  return {std::string(name_of(f)) + " gradient",
          {{shape, x}, {shape, y}, {shape, dy}},
          {shape},
          [f](const Exec& e, const Ins& in, Outs& out, Write write) {
            unary_grad(e, f, alpha, in[0], in[1], in[2], out[0], write);
          },
          true};
}
std::vector<double> forward(Unary f, const std::vector<double>& x) {
  return expected(forward_job(f, Shape::vector(static_cast<std::int64_t>(x.size())), x), DType::f64)[0];
}

// Where f is defined and smooth enough for a step of 1e-5.
std::vector<double> inside(Unary f, std::int64_t count) {
  if (f == Unary::log || f == Unary::sqrt || f == Unary::reciprocal) return reals(count, 5, 0.25, 4);
  std::vector<double> x = reals(count, 5, -4, 4);
  for (double& v : x)
    if (std::abs(v) < 0.01) v = 0.5;
  return x;
}

}  // namespace

TEST_CASE("unary: known values") {
  const auto at = [](Unary f, double x) { return forward(f, {x})[0]; };
  CHECK(at(Unary::relu, -3) == 0);
  CHECK(at(Unary::relu, 3) == 3);
  CHECK(at(Unary::leaky_relu, -3) == alpha * -3);
  CHECK(at(Unary::abs, -3) == 3);
  CHECK(at(Unary::square, -3) == 9);
  CHECK(at(Unary::reciprocal, 4) == 0.25);
  CHECK(at(Unary::sqrt, 9) == 3);
  CHECK(at(Unary::heaviside, 1e-30) == 1);
  CHECK(at(Unary::heaviside, 0) == 0);
  CHECK(at(Unary::heaviside, -3) == 0);
  CHECK(at(Unary::tanh, 0.5) == doctest::Approx(0.46211715726000975).epsilon(1e-14));
  CHECK(at(Unary::sigmoid, 1) == doctest::Approx(0.7310585786300049).epsilon(1e-14));
  CHECK(at(Unary::softplus, 1) == doctest::Approx(1.3132616875182228).epsilon(1e-14));
  CHECK(at(Unary::exp, 1) == doctest::Approx(2.718281828459045).epsilon(1e-14));
  CHECK(at(Unary::log, 2) == doctest::Approx(0.6931471805599453).epsilon(1e-14));
  // Without overflow, and without losing what is small.
  CHECK(at(Unary::softplus, 1000) == 1000);
  CHECK(at(Unary::softplus, -100) == doctest::Approx(3.720075976020836e-44).epsilon(1e-12));
  CHECK(at(Unary::sigmoid, -1000) == 0);
  CHECK(at(Unary::sigmoid, 1000) == 1);
}

TEST_CASE("unary_grad: central differences") {
  for (Unary f : every_unary) {
    const std::int64_t count = 40;
    const auto x = inside(f, count), dy = reals(count, 6);
    const auto grad = expected(grad_job(f, Shape::vector(count), x, forward(f, x), dy), DType::f64)[0];
    check_gradient(
        name_of(f), [&](const std::vector<double>& v) { return dot(forward(f, v), dy); }, x, grad);
  }
}

TEST_CASE("unary_grad: at the kink the derivatives are those of PyTorch") {
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16})
      for (auto [f, want] : {std::pair{Unary::relu, 0.0},
                             {Unary::leaky_relu, 0.25},
                             {Unary::abs, 0.0},
                             {Unary::heaviside, 0.0}}) {
        Bench b(device);
        const Shape s = Shape::vector(11);
        Buffer x(s, t, device, std::vector<double>(11, 0.0)), dy(s, t, device, std::vector<double>(11, 1.0));
        Buffer dx(s, t, device);
        unary_grad(b.exec, f, 0.25, x, x, dy, dx, Write::overwrite);
        expect_close(name_of(f), dx.get(), std::vector<double>(11, want), exactly);
      }
}

TEST_CASE("unary: NaN stays NaN on every backend") {
  const std::vector<double> x(19, std::numeric_limits<double>::quiet_NaN());
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16})
      for (Unary f : every_unary) {
        CAPTURE(name_of(f));
        CAPTURE(device.str());
        const Result result = run(forward_job(f, Shape::vector(19), x), device, t);
        for (double y : result.values[0]) CHECK(std::isnan(y));
      }
}

TEST_CASE("unary: backends against the reference") {
  for (Shape shape : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{1, 16, 33, 16}})
    for (Unary f : every_unary)
      for (DType t : {DType::f32, DType::bf16}) {
        const auto x = rounded(inside(f, shape.count()), t);
        check_job(forward_job(f, shape, x), t, rounding(t));
        // y (1 - y) amplifies the rounding of y, so the gradients of bf16 get exact values.
        const auto y = rounded(expected(forward_job(f, shape, x), DType::f64)[0], t);
        Tol tol = rounding(t);
        if (t == DType::bf16) tol.scaled = 0x1p-8;
        check_job(grad_job(f, shape, x, y, reals(shape.count(), 6)), t, tol);
      }
}

TEST_CASE("unary: far from zero") {
  const std::vector<double> x = {-1000, -104, -89,  -88, -50, -20, -9, -1e-3, -1e-6,
                                 0,     1e-6, 1e-3, 9,   20,  50,  88, 1000};
  for (Unary f : {Unary::tanh, Unary::sigmoid, Unary::softplus}) {
    const Job job = forward_job(f, Shape::vector(static_cast<std::int64_t>(x.size())), x);
    const auto want = expected(job, DType::f32)[0];
    for (Device device : computing_devices()) {
      const auto got = run(job, device, DType::f32).values[0];
      for (std::size_t i = 0; i < x.size();
           ++i)  // each on its own scale, down to f32's smallest normal number
        expect_close(std::string(name_of(f)) + " of " + std::to_string(x[i]), {got[i]},
                     {std::abs(want[i]) < 0x1p-126 ? got[i] < 0x1p-125 ? got[i] : 0.0 : want[i]},
                     rounding(DType::f32));
    }
  }
}

TEST_CASE("unary: units in the last place on the processor, against f64") {
  struct Bound {
    Unary f;
    double low, high, ulp;
  };
  for (const auto& [f, low, high, bound] :
       {Bound{Unary::tanh, -12, 12, 2.6}, Bound{Unary::sigmoid, -80, 80, 2.5},
        Bound{Unary::softplus, -80, 80, 2}, Bound{Unary::exp, -86, 88, 1.5}, Bound{Unary::log, 0, 8, 1},
        Bound{Unary::log, 0, 1e-38, 1}}) {
    const auto count = std::int64_t{50021};
    auto x = rounded(reals(count, 11, low, high), DType::f32);
    for (std::size_t i = 0; i < x.size(); i += 2)  // as many near zero, on all scales
      x[i] = static_cast<float>(std::ldexp(x[i], -static_cast<int>(i % 60)));
    const Job job = forward_job(f, Shape::vector(count), x);
    const auto want = expected(job, DType::f32)[0],
               got = run(job, Device{Device::Kind::cpu}, DType::f32).values[0];
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::abs(want[i]) < 0x1p-125 || std::isinf(want[i])) continue;
      const double error = std::abs(got[i] - want[i]) / std::ldexp(1.0, std::ilogb(want[i]) - 23);
      if (!(error <= worst)) worst = error;
    }
    CAPTURE(std::string(name_of(f)));
    CHECK(worst <= bound);
    CHECK(worst > 0.25);  // of half a unit that rounding takes: it measures something
  }
}

TEST_CASE("log: at its ends") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<double> x = {0, -0.0, inf, 0x1p-149, 0x1p-126, 1};
  const Job job = forward_job(Unary::log, Shape::vector(6), x);
  for (Device device : every_device()) {
    const auto y = run(job, device, DType::f32).values[0];
    CHECK(y[0] == -inf);
    CHECK(y[1] == -inf);
    CHECK(y[2] == inf);
    CHECK(y[3] == static_cast<float>(std::log(0x1p-149)));
    CHECK(y[4] == static_cast<float>(std::log(0x1p-126)));
    CHECK(y[5] == 0);
    CHECK(
        std::isnan(run(forward_job(Unary::log, Shape::vector(1), {-1.0}), device, DType::f32).values[0][0]));
  }
}

TEST_CASE("unary: in place") {
  const auto x = reals(101, 8, -2, 2), dy = reals(101, 9);
  for (Device device : every_device()) {
    Bench b(device);
    const Shape s = Shape::vector(101);
    Buffer y(s, DType::f32, device, x), saved(s, DType::f32, device, x), dx(s, DType::f32, device, dy);
    unary(b.exec, Unary::leaky_relu, alpha, y, y);
    expect_close("in place", y.get(), expected(forward_job(Unary::leaky_relu, s, x), DType::f32)[0],
                 rounding(DType::f32));
    leaky_relu_grad(b.exec, alpha, saved, dx, dx);
    expect_close("gradient in place", dx.get(),
                 expected(grad_job(Unary::leaky_relu, s, x, x, dy), DType::f32)[0], rounding(DType::f32));
  }
}

}  // namespace sumi::test
