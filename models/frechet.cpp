#include "models/frechet.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace sumi {
namespace {

// A square matrix, rows one after the other.
using Matrix = std::vector<double>;

void check(const Descriptors& a, const Descriptors& b) {
  if (a.size == 0 || a.size != b.size)
    fail("distance", "the two sets have descriptors of different sizes; use one network for both");
  if (a.count() < 2 || b.count() < 2) fail("distance", "needs two or more pictures in each set");
}

std::vector<double> mean_of(const Descriptors& d) {
  std::vector<double> mean(d.size, 0.0);
  for (std::size_t i = 0; i < d.values.size(); ++i) mean[i % d.size] += d.values[i];
  for (double& v : mean) v /= static_cast<double>(d.count());
  return mean;
}

Matrix covariance_of(const Descriptors& d, const std::vector<double>& mean) {
  const std::size_t n = d.size;
  Matrix c(n * n, 0.0);
  std::vector<double> row(n);
  for (std::size_t k = 0; k < d.count(); ++k) {
    for (std::size_t i = 0; i < n; ++i) row[i] = d.values[k * n + i] - mean[i];
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += row[i] * row[j];
  }
  for (double& v : c) v /= static_cast<double>(d.count() - 1);
  return c;
}

Matrix product(const Matrix& a, const Matrix& b, std::size_t n) {
  Matrix c(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}

// Eigenvalues of a symmetric matrix, which becomes diagonal; the columns of `vectors` are the eigenvectors. Jacobi's rotations.
std::vector<double> eigen(Matrix a, Matrix& vectors, std::size_t n) {
  vectors.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  const auto rotate = [n](double& x, double& y, double c, double s) {
    const double u = x, v = y;
    x = c * u - s * v;
    y = s * u + c * v;
  };
  for (int sweep = 0; sweep < 60; ++sweep) {
    double outside = 0, whole = 0;
    for (std::size_t i = 0; i < n * n; ++i) {
      whole += a[i] * a[i];
      if (i / n != i % n) outside += a[i] * a[i];
    }
    if (outside <= 1e-28 * whole) break;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = std::copysign(1.0, theta) / (std::abs(theta) + std::hypot(theta, 1.0));
        const double c = 1 / std::hypot(t, 1.0), s = t * c;
        for (std::size_t i = 0; i < n; ++i) rotate(a[i * n + p], a[i * n + q], c, s);
        for (std::size_t i = 0; i < n; ++i) rotate(a[p * n + i], a[q * n + i], c, s);
        for (std::size_t i = 0; i < n; ++i) rotate(vectors[i * n + p], vectors[i * n + q], c, s);
      }
  }
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = a[i * n + i];
  return values;
}

// The square root of a symmetric matrix without negative eigenvalues but for rounding.
Matrix root(const Matrix& a, std::size_t n) {
  Matrix vectors, scaled(n * n), transposed(n * n);
  const auto values = eigen(a, vectors, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      scaled[i * n + j] = vectors[i * n + j] * std::sqrt(std::max(values[j], 0.0));
      transposed[j * n + i] = vectors[i * n + j];
    }
  return product(scaled, transposed, n);
}

double kernel_sum(const Descriptors& a, const Descriptors& b, bool same) {
  const std::size_t n = a.size;
  double sum = 0;
  for (std::size_t i = 0; i < a.count(); ++i)
    for (std::size_t j = 0; j < b.count(); ++j) {
      if (same && i == j) continue;
      double dot = 0;
      for (std::size_t k = 0; k < n; ++k) dot += a.values[i * n + k] * b.values[j * n + k];
      const double base = dot / static_cast<double>(n) + 1;
      sum += base * base * base;
    }
  return sum;
}

}  // namespace

double frechet_distance(const Descriptors& a, const Descriptors& b) {
  check(a, b);
  const std::size_t n = a.size;
  const auto mean_a = mean_of(a), mean_b = mean_of(b);
  const Matrix cov_a = covariance_of(a, mean_a), cov_b = covariance_of(b, mean_b);
  double distance = 0;
  for (std::size_t i = 0; i < n; ++i) {
    distance += (mean_a[i] - mean_b[i]) * (mean_a[i] - mean_b[i]);
    distance += cov_a[i * n + i] + cov_b[i * n + i];
  }
  // C_a C_b has the eigenvalues of the symmetric R C_b R with R = C_a^(1/2).
  const Matrix r = root(cov_a, n);
  Matrix unused;
  for (const double v : eigen(product(product(r, cov_b, n), r, n), unused, n))
    distance -= 2 * std::sqrt(std::max(v, 0.0));
  return std::max(distance, 0.0);
}

double kernel_distance(const Descriptors& a, const Descriptors& b) {
  check(a, b);
  const auto m = static_cast<double>(a.count()), n = static_cast<double>(b.count());
  return kernel_sum(a, a, true) / (m * (m - 1)) + kernel_sum(b, b, true) / (n * (n - 1)) -
         2 * kernel_sum(a, b, false) / (m * n);
}

}  // namespace sumi
