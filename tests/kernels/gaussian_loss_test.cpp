// Losses of normal distributions: PyTorch's numbers, derivatives by central differences, and every
// backend against the reference.
#include "kernels/gaussian_loss.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;

// Outputs: the loss and its derivatives with respect to mean and log_var, or the loss alone.
Job nll_job(const Shape& s, const Numbers& x, const Numbers& mean, const Numbers& log_var,
            bool with_grads = true) {
  Job job{"gaussian_nll " + s.str(),
          {{s, x}, {s, mean}, {s, log_var}},
          {Shape::scalar(), s, s},
          [](const Exec& e, const Ins& in, Outs& out, Write) {
            gaussian_nll(e, in[0], in[1], in[2], out[0], out.size() > 1 ? out[1].mutable_view() : MutView{},
                         out.size() > 1 ? out[2].mutable_view() : MutView{});
          }};
  if (!with_grads) job.out.resize(1);
  return job;
}
Job kl_job(const Shape& s, const Numbers& mean, const Numbers& log_var, bool with_grads = true) {
  Job job{"gaussian_kl " + s.str(),
          {{s, mean}, {s, log_var}},
          {Shape::scalar(), s, s},
          [](const Exec& e, const Ins& in, Outs& out, Write) {
            gaussian_kl(e, in[0], in[1], out[0], out.size() > 1 ? out[1].mutable_view() : MutView{},
                        out.size() > 1 ? out[2].mutable_view() : MutView{});
          }};
  if (!with_grads) job.out.resize(1);
  return job;
}
const Numbers mean_of_four = {0, 0.5, -1, 0.25}, log_var_of_four = {0, 1, -0.5, 2};

}  // namespace

TEST_CASE("gaussian_nll: PyTorch's gaussian_nll_loss with var = exp(log_var)") {
  const Values y =
      expected(nll_job(Shape::vector(4), {0.5, -1, 2, 0.25}, mean_of_four, log_var_of_four), DType::f64);
  const Tol tol{1e-14, 1e-15};
  expect_close("value", y[0], {2.302027522367112}, tol);
  expect_close("mean", y[1], {-0.125, 0.13795479043929088, -1.2365409530250961, 0}, tol);
  expect_close("log_var", y[2], {0.09375, 0.021533907170531833, -1.7298114295376439, 0.125}, tol);
}

TEST_CASE("gaussian_kl: PyTorch's kl_divergence, summed over two samples of two, their mean") {
  const Values y = expected(kl_job(Shape::matrix(2, 2), mean_of_four, log_var_of_four), DType::f64);
  const Tol tol{1e-14, 1e-15};
  expect_close("value", y[0], {1.631592146775582}, tol);
  expect_close("mean", y[1], {0, 0.25, -0.5, 0.125}, tol);
  expect_close("log_var", y[2], {0, 0.42957045711476133, -0.09836733507184164, 1.5972640247326624}, tol);
}

TEST_CASE("gaussian losses: gradients by central differences") {
  const Shape s{3, 2, 1, 4};
  const Numbers x = reals(s.count(), 1), mean = reals(s.count(), 2), log_var = reals(s.count(), 3);
  const Values nll = expected(nll_job(s, x, mean, log_var), DType::f64);
  Numbers dx = nll[1];
  for (double& d : dx) d = -d;
  check_gradient(
      "nll, x", [&](const Numbers& at) { return only_number(nll_job(s, at, mean, log_var)); }, x, dx);
  check_gradient(
      "nll, mean", [&](const Numbers& at) { return only_number(nll_job(s, x, at, log_var)); }, mean, nll[1]);
  check_gradient(
      "nll, log_var", [&](const Numbers& at) { return only_number(nll_job(s, x, mean, at)); }, log_var,
      nll[2]);
  const Values kl = expected(kl_job(s, mean, log_var), DType::f64);
  check_gradient(
      "kl, mean", [&](const Numbers& at) { return only_number(kl_job(s, at, log_var)); }, mean, kl[1]);
  check_gradient(
      "kl, log_var", [&](const Numbers& at) { return only_number(kl_job(s, mean, at)); }, log_var, kl[2]);
}

TEST_CASE("gaussian losses: backends against the reference") {
  for (const Shape& s : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{33, 1, 31, 9}})
    for (DType t : {DType::f32, DType::bf16}) {
      const Numbers x = reals(s.count(), 1), mean = reals(s.count(), 2), log_var = reals(s.count(), 3, -3, 3);
      for (bool with_grads : {false, true}) {
        check_job(nll_job(s, x, mean, log_var, with_grads), t, rounding(t));
        check_job(kl_job(s, mean, log_var, with_grads), t, rounding(t));
      }
      for (Device device : every_device())
        CHECK(run(nll_job(s, x, mean, log_var, false), device, t).bits[0] ==
              run(nll_job(s, x, mean, log_var), device, t).bits[0]);
    }
}

TEST_CASE("gaussian_kl: close to the prior nothing cancels, and far out nothing is lost") {
  const Shape s = Shape::matrix(1, 4);
  const Numbers log_var = {1e-4, -1e-3, 80, -200};
  const Values want = expected(kl_job(s, {0, 0, 0, 0}, log_var), DType::f64);
  for (Device device : every_device()) {
    const Values got = run(kl_job(s, {0, 0, 0, 0}, log_var), device, DType::f32).values;
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(got[2][i] == doctest::Approx(want[2][i]).epsilon(1e-5));  // of each by itself
    const Values near = run(kl_job(Shape::vector(1), {0}, {0.01}), device, DType::f32).values;
    CHECK(near[0][0] == doctest::Approx(2.5083541e-5).epsilon(1e-3));
  }
}

TEST_CASE("gaussian losses: NaN stays in the value") {
  for (Device device : every_device())
    for (std::size_t i = 0; i < 3; ++i) {
      Numbers v[3] = {{1}, {1}, {1}};
      v[i][0] = std::nan("");
      CHECK(std::isnan(run(nll_job(Shape::vector(1), v[0], v[1], v[2]), device, DType::f32).values[0][0]));
      if (i > 0)
        CHECK(std::isnan(run(kl_job(Shape::vector(1), v[1], v[2]), device, DType::f32).values[0][0]));
    }
}

}  // namespace sumi::test
