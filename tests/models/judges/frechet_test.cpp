// Distances between sets against closed forms.
#include "models/judges/frechet.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support.h"

using namespace sumi;

namespace {

// Corners of a box with these half sides around a center, rotated by `angle` in the first two axes:
// the covariance is that of the squared half sides times 8 / 7.
Descriptors box(std::vector<double> half, const std::vector<double>& center, double angle) {
  Descriptors d{3, {}};
  for (int corner = 0; corner < 8; ++corner) {
    double v[3];
    for (int i = 0; i < 3; ++i) v[i] = (corner >> i & 1 ? 1 : -1) * half[static_cast<std::size_t>(i)];
    d.values.push_back(center[0] + std::cos(angle) * v[0] - std::sin(angle) * v[1]);
    d.values.push_back(center[1] + std::sin(angle) * v[0] + std::cos(angle) * v[1]);
    d.values.push_back(center[2] + v[2]);
  }
  return d;
}

}  // namespace

TEST_CASE("frechet: axes that agree, axes that are turned, and the same set") {
  const double s = 8.0 / 7.0;
  const Descriptors a = box({1, 2, 3}, {0, 0, 0}, 0);
  // Diagonal covariances: squared differences of the standard deviations.
  CHECK(frechet_distance(a, box({2, 2, 5}, {1, -2, 2}, 0)) == doctest::Approx(9 + s * (1 + 0 + 4)));
  CHECK(frechet_distance(a, a) == doctest::Approx(0).epsilon(1e-9));
  // Rotated by a right angle: the first two standard deviations are swapped.
  CHECK(frechet_distance(a, box({1, 2, 3}, {0, 0, 0}, std::acos(0.0))) == doctest::Approx(s * 2));
  // By 45 degrees: for 2x2 blocks tr (A B)^(1/2) = sqrt(tr AB + 2 sqrt(det A det B)), here tr AB =
  // 2.5 * 5, det = 4.
  CHECK(frechet_distance(a, box({1, 2, 3}, {0, 0, 0}, std::atan(1.0))) ==
        doctest::Approx(s * (10 - 2 * std::sqrt(12.5 + 8))));
  const Descriptors flat{2, {0, 0, 1, 1, 2, 2}},
      other{2, {0, 2, 1, 1, 2, 0}};  // singular covariances, orthogonal
  CHECK(frechet_distance(flat, other) == doctest::Approx(4));
  CHECK(sumi::test::has(sumi::test::error_of([&] { frechet_distance(a, flat); }), "different sizes"));
  CHECK(sumi::test::has(sumi::test::error_of([&] { kernel_distance(a, {3, {1, 2, 3}}); }), "two or more"));
}

TEST_CASE("kernel distance: by hand") {
  const Descriptors a{1, {0, 1}}, b{1, {2, -1}};
  // (0*1 + 1)^3 + (2*-1 + 1)^3 - (1/2) (1 + 1 + 3^3 + 0)
  CHECK(kernel_distance(a, b) == doctest::Approx(1 - 1 - 14.5));
  // More rows than are multiplied at a time: pairs of ones give (1 + 1)^3, all others 1.
  Descriptors many{1, std::vector<double>(150, 0.0)}, ones{1, std::vector<double>(70, 1.0)};
  CHECK(kernel_distance(many, ones) == doctest::Approx(1 + 8 - 2));
}

TEST_CASE("frechet: more features than images, and a constant feature") {
  const auto rows = [](std::size_t size, std::size_t count, double shift) {
    Descriptors d{size, {}};
    for (std::size_t i = 0; i < size * count; ++i) {
      const auto x = static_cast<double>(i);
      d.values.push_back(i % size == 1 ? 0.0 : std::sin(x * x + shift));
    }
    return d;
  };
  // Zeros appended to every row change the algorithm, not the distance.
  const auto wide = [](const Descriptors& d, std::size_t size) {
    Descriptors w{size, std::vector<double>(size * d.count(), 0.0)};
    for (std::size_t i = 0; i < d.values.size(); ++i) w.values[i / d.size * size + i % d.size] = d.values[i];
    return w;
  };
  const Descriptors a = rows(6, 23, 0), b = rows(6, 17, 1), few = rows(6, 3, 2);
  const double ab = frechet_distance(a, b), few_b = frechet_distance(few, b);
  CHECK(ab > 0.01);
  CHECK(frechet_distance(b, a) == doctest::Approx(ab));
  CHECK(frechet_distance(wide(a, 40), wide(b, 40)) == doctest::Approx(ab));
  CHECK(frechet_distance(wide(a, 20), wide(b, 20)) ==
        doctest::Approx(ab));  // one by Cholesky, one by its rows
  CHECK(frechet_distance(b, few) == doctest::Approx(few_b));
  CHECK(frechet_distance(wide(few, 40), wide(b, 40)) == doctest::Approx(few_b));
  CHECK(frechet_distance(a, a) == doctest::Approx(0).epsilon(1e-9));
}
