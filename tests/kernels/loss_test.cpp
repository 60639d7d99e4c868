// Losses: values by hand, derivatives by central differences, and every backend against the
// reference.
#include "kernels/loss.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr Loss every_loss[] = {Loss::bce_logits, Loss::squared, Loss::l1,
                               Loss::linear,     Loss::hinge,   Loss::huber};
constexpr double delta = 0.75;

// Outputs: the mean and its gradient. `target` empty: every target is `value`.
Job job(Loss loss, const Shape& s, const std::vector<double>& x, const std::vector<double>& target,
        double value) {
  return {name_of(loss),
          {{s, x}, {s, target}},
          {Shape::scalar(), s},
          [=](const Exec& e, const Ins& in, Outs& out, Write) {
            loss_mean(e, loss, delta, in[0], in[1], value, out[0], out[1]);
          }};
}
Job value_job(Loss loss, const Shape& s, const std::vector<double>& x, const std::vector<double>& target,
              double value) {
  return {name_of(loss),
          {{s, x}, {s, target}},
          {Shape::scalar()},
          [=](const Exec& e, const Ins& in, Outs& out, Write) {
            loss_mean(e, loss, delta, in[0], in[1], value, out[0], {});
          }};
}
double mean_of(Loss loss, const std::vector<double>& x, const std::vector<double>& target, double value) {
  const Shape s = Shape::vector(static_cast<std::int64_t>(x.size()));
  return expected(value_job(loss, s, x, target, value), DType::f64)[0][0];
}

// Away from the kinks of l1 (x = t) and hinge (t x = 1), and from the jump of huber's second
// derivative.
std::vector<double> smooth(Loss loss, std::vector<double> x, const std::vector<double>& target,
                           double value) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double t = target.empty() ? value : target[i];
    const double kink = loss == Loss::l1      ? x[i] - t
                        : loss == Loss::hinge ? 1 - t * x[i]
                        : loss == Loss::huber ? std::abs(x[i] - t) - delta
                                              : 1;
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
  // PyTorch's huber_loss with delta = 0.75: 0.125, 0.28125 (where the pieces meet), 1.21875 and
  // 0.46875.
  CHECK(mean_of(Loss::huber, {1.5, 0.25, -1, 0}, {1, 1, 1, 1}, 0) == 0.5234375);
}

TEST_CASE("loss_mean: the gradient by hand") {
  const Shape s = Shape::vector(4);
  CHECK(expected(job(Loss::huber, s, {1.5, 0.25, -1, 4}, {}, 1), DType::f64)[1] ==
        std::vector<double>{0.125, -0.1875, -0.1875, 0.1875});
  CHECK(expected(job(Loss::squared, s, {1.5, 0.25, -1, 4}, {}, 1), DType::f64)[1] ==
        std::vector<double>{0.25, -0.375, -1, 1.5});
}

TEST_CASE("loss_mean: the gradient by central differences, and at kinks") {
  const std::int64_t count = 30;
  const Shape s = Shape::vector(count);
  for (Loss loss : every_loss)
    for (bool with_target : {false, true}) {
      const auto target = with_target ? reals(count, 2, -1, 1) : std::vector<double>();
      const auto x = smooth(loss, reals(count, 1, -3, 3), target, 0.9);
      check_gradient(
          name_of(loss), [&](const std::vector<double>& at) { return mean_of(loss, at, target, 0.9); }, x,
          expected(job(loss, s, x, target, 0.9), DType::f64)[1]);
    }
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16})
      for (Loss loss : {Loss::l1, Loss::hinge, Loss::huber})
        CHECK(run(job(loss, Shape::vector(1), {1}, {}, 1), device, t).values[1][0] == 0);
}

TEST_CASE("loss: backends against the reference") {
  for (Shape s : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{3, 33, 31, 3}})
    for (Loss loss : every_loss)
      for (DType t : {DType::f32, DType::bf16})
        for (bool with_target : {false, true}) {
          const auto target = with_target ? rounded(reals(s.count(), 2, -1, 1), t) : std::vector<double>();
          const auto x = smooth(loss, rounded(reals(s.count(), 1, -6, 6), t), target, 0.9);
          const Values want = expected(job(loss, s, x, target, 0.9), t);
          for (Device device : every_device()) {
            const Result got = run(job(loss, s, x, target, 0.9), device, t);
            CAPTURE(name_of(loss));
            CAPTURE(device.str());
            // The mean of both signs may be near zero: its error is measured against the terms, not
            // the sum.
            CHECK(std::abs(got.values[0][0] - want[0][0]) <= rounding(t).rel * std::abs(want[0][0]) + 5e-6);
            expect_close("gradient", got.values[1], want[1], rounding(t));
            CHECK(run(value_job(loss, s, x, target, 0.9), device, t).bits[0] == got.bits[0]);
          }
        }
}

TEST_CASE("loss: bce_logits stays finite and keeps its sign far out") {
  for (Device device : every_device()) {
    const Shape s = Shape::vector(4);
    const std::vector<double> x = {-1000, 1000, -90, 90};
    const auto grad = run(job(Loss::bce_logits, s, x, {}, 1), device, DType::f32).values[1];
    expect_close("far out", grad, {-0.25, 0, -0.25, 0}, rounding(DType::f32));
    CHECK(run(value_job(Loss::bce_logits, s, x, {}, 0), device, DType::f32).values[0][0] == 272.5);
  }
}

TEST_CASE("loss: NaN stays in the value") {
  for (Device device : every_device())
    for (Loss loss : every_loss)
      CHECK(std::isnan(
          run(value_job(loss, Shape::vector(2), {std::nan(""), 1}, {}, 1), device, DType::f32).values[0][0]));
}

}  // namespace sumi::test
