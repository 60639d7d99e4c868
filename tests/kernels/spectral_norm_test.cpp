// Power iteration: matrices whose singular values are known, a weight of zeros, and every backend
// against the reference.
#include "kernels/spectral_norm.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr double eps = 1e-12;

// Outputs sigma, u, v.
Job power_job(Shape w, bool update, std::uint64_t seed) {
  const std::int64_t columns = w.h * w.w * w.c;
  return {"spectral_norm",
          {{w, reals(w.count(), seed)}},
          {Shape::scalar(), Shape::vector(w.n), Shape::vector(columns)},
          [update](const Exec& e, const Ins& in, Outs& out, Write) {
            spectral_norm(e, in[0], update, eps, out[1], out[2], out[0]);
          },
          false,
          {{0}, reals(w.n, seed + 1, 0.1, 1), reals(columns, seed + 2, 0.1, 1)}};
}

struct Iteration {
  Bench bench;
  Buffer w, u, v, sigma;
  Iteration(Device device, std::int64_t rows, std::int64_t columns, const std::vector<double>& values,
            DType t = DType::f32)
      : bench(device),
        w({rows, 1, 1, columns}, t, device, values),
        u(Shape::vector(rows), t, device, reals(rows, 7, 0.1, 1)),
        v(Shape::vector(columns), t, device, reals(columns, 8, 0.1, 1)),
        sigma(Shape::scalar(), t, device) {}
  double run(int steps) {
    for (int i = 0; i < steps; ++i) spectral_norm(bench.exec, w, true, eps, u, v, sigma);
    return sigma.get()[0];
  }
};

}  // namespace

TEST_CASE("spectral_norm: one step of a matrix of rank one, many of any other") {
  for (Device device : every_device()) {
    // 6 times the outer product of (2/3, -1/3, 2/3) and (0.6, 0.8)
    Iteration one(device, 3, 2, {2.4, 3.2, -1.2, -1.6, 2.4, 3.2});
    CHECK(one.run(1) == doctest::Approx(6).epsilon(1e-6));
    expect_close("u", one.u.get(), {2.0 / 3, -1.0 / 3, 2.0 / 3}, {1e-6, 0});
    expect_close("v", one.v.get(), {0.6, 0.8}, {1e-6, 0});
    // W W^T has the eigenvalues 45 and 5.
    CHECK(Iteration(device, 2, 2, {3, 0, 4, 5}).run(30) == doctest::Approx(std::sqrt(45.0)).epsilon(1e-6));
  }
}

TEST_CASE("spectral_norm: without update u and v stay and sigma is u W v") {
  for (Device device : every_device()) {
    Iteration it(device, 2, 3, {1, 2, 3, 4, 5, 6});
    it.u.set({1, -2});
    it.v.set({0.5, 0, 2});
    spectral_norm(it.bench.exec, it.w, false, eps, it.u, it.v, it.sigma);
    CHECK(it.sigma.get()[0] == -21.5);
    CHECK(it.u.get() == std::vector<double>{1, -2});
    CHECK(it.v.get() == std::vector<double>{0.5, 0, 2});
  }
}

TEST_CASE("spectral_norm: a weight of zeros gives zeros, not NaN") {
  for (Device device : every_device()) {
    Iteration it(device, 3, 5, std::vector<double>(15, 0.0));
    CHECK(it.run(2) == 0);
    CHECK(it.u.get() == std::vector<double>(3, 0.0));
    CHECK(it.v.get() == std::vector<double>(5, 0.0));
  }
}

TEST_CASE("spectral_norm: backends against the reference") {
  const Shape shapes[] = {{1, 1, 1, 1},  {3, 1, 1, 5},   {1, 1, 1, 300},  {300, 1, 1, 1},
                          {7, 3, 3, 33}, {64, 4, 4, 65}, {129, 1, 1, 100}};
  for (const Shape& w : shapes)
    for (const bool update : {false, true}) {
      check_job(power_job(w, update, 1), DType::f32, {2e-6, 2e-6});
      // v and u are rounded to bf16 before they are used again.
      check_job(power_job(w, update, 1), DType::bf16, {0x1p-7, 0x1p-7});
    }
}

}  // namespace sumi::test
