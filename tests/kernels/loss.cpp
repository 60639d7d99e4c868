// Losses: values by hand, derivatives by central differences, and every backend against the reference.
#include "kernels/loss.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr Loss all[] = {Loss::bce_logits, Loss::squared, Loss::l1, Loss::linear, Loss::hinge};

// `target` empty: every target is `value`.
Job mean_job(Loss loss, const Shape& s, const std::vector<double>& x, const std::vector<double>& target,
             double value) {
  return {name_of(loss),
          {{s, x}, {s, target}},
          {Shape::scalar()},
          [=](const Exec& e, const Ins& in, Outs& out, Write) {
            loss_mean(e, loss, in[0], in[1], value, out[0]);
          }};
}
Job grad_job(Loss loss, const Shape& s, const std::vector<double>& x, const std::vector<double>& target,
             double value, double dy) {
  return {std::string(name_of(loss)) + " gradient",
          {{s, x}, {s, target}, {Shape::scalar(), {dy}}},
          {s},
          [=](const Exec& e, const Ins& in, Outs& out, Write w) {
            loss_mean_grad(e, loss, in[0], in[1], value, in[2], out[0], w);
          },
          true};
}
double mean_of(Loss loss, const std::vector<double>& x, const std::vector<double>& target, double value) {
  const Shape s = Shape::vector(static_cast<std::int64_t>(x.size()));
  return expected(mean_job(loss, s, x, target, value), DType::f64)[0][0];
}

// Away from the kinks of l1 (x = t) and hinge (t x = 1).
std::vector<double> smooth(Loss loss, std::vector<double> x, const std::vector<double>& target,
                           double value) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double t = target.empty() ? value : target[i];
    const double kink = loss == Loss::l1 ? x[i] - t : loss == Loss::hinge ? 1 - t * x[i] : 1;
    if (std::abs(kink) < 0.02) x[i] += 0.25;
  }
  return x;
}

}  // namespace

TEST_CASE("loss_mean: values known by hand") {
  CHECK(mean_of(Loss::bce_logits, {0, 0}, {}, 1) == doctest::Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(mean_of(Loss::bce_logits, {1000, -1000}, {1, 0}, 0) == 0);
  CHECK(mean_of(Loss::bce_logits, {1000, -1000}, {0, 1}, 0) == 1000);
  CHECK(mean_of(Loss::bce_logits, {2}, {}, 0.9) == doctest::Approx(0.3269280110429726).epsilon(1e-14));
  CHECK(mean_of(Loss::squared, {3, -1}, {1, 1}, 0) == 4);
  CHECK(mean_of(Loss::squared, {3, -1}, {}, 1) == 4);
  CHECK(mean_of(Loss::l1, {3, -1, 2}, {1, 1, 0}, 0) == 2);
  CHECK(mean_of(Loss::linear, {3, -1}, {}, -1) == 1);
  CHECK(mean_of(Loss::hinge, {3, -1, 0.5, 0.5}, {}, 1) == 0.75);
  CHECK(mean_of(Loss::hinge, {3, -1}, {}, -1) == 2);
}

TEST_CASE("loss_mean_grad: central differences, and kinks") {
  const std::int64_t count = 30;
  const Shape s = Shape::vector(count);
  for (Loss loss : all)
    for (bool with_target : {false, true}) {
      const auto target = with_target ? reals(count, 2, -1, 1) : std::vector<double>();
      const auto x = smooth(loss, reals(count, 1, -3, 3), target, 0.9);
      const auto grad = expected(grad_job(loss, s, x, target, 0.9, 2.5), DType::f64)[0];
      check_gradient(
          name_of(loss), [&](const std::vector<double>& at) { return 2.5 * mean_of(loss, at, target, 0.9); },
          x, grad);
    }
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16})
      for (Loss loss : {Loss::l1, Loss::hinge})
        CHECK(run(grad_job(loss, Shape::vector(1), {1}, {}, 1, 1), device, t).values[0][0] == 0);
}

TEST_CASE("loss: backends against the reference") {
  for (Shape s : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{3, 33, 31, 3}})
    for (Loss loss : all)
      for (DType t : {DType::f32, DType::bf16})
        for (bool with_target : {false, true}) {
          const auto target = with_target ? rounded(reals(s.count(), 2, -1, 1), t) : std::vector<double>();
          const auto x = smooth(loss, rounded(reals(s.count(), 1, -6, 6), t), target, 0.9);
          // The mean of both signs may be near zero: its error is measured against the terms, not the sum.
          const double want = expected(mean_job(loss, s, x, target, 0.9), t)[0][0];
          for (Device device : computing_devices()) {
            const double got = run(mean_job(loss, s, x, target, 0.9), device, t).values[0][0];
            CAPTURE(name_of(loss));
            CAPTURE(device.str());
            CHECK(std::abs(got - want) <= rounding(t).rel * std::abs(want) + 5e-6);
          }
          check_job(grad_job(loss, s, x, target, 0.9, 1.5), t, rounding(t));
        }
}

TEST_CASE("loss: bce_logits stays finite and keeps its sign far out") {
  for (Device device : every_device()) {
    const Shape s = Shape::vector(4);
    const std::vector<double> x = {-1000, 1000, -90, 90};
    const auto grad = run(grad_job(Loss::bce_logits, s, x, {}, 1, 4), device, DType::f32).values[0];
    expect_close("far out", grad, {-1, 0, -1, 0}, rounding(DType::f32));
    CHECK(run(mean_job(Loss::bce_logits, s, x, {}, 0), device, DType::f32).values[0][0] == 272.5);
  }
}

}  // namespace sumi::test
