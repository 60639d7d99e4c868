#include "models/judges/frechet.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"
#include "models/judges/shuffle.h"

namespace sumi {
namespace {

// Rows of `size` values, stored one after another.
using Rows = Descriptors;

void check(const Descriptors& a, const Descriptors& b) {
  if (a.size == 0 || a.size != b.size)
    fail("distance", "the two sets have descriptors of different sizes; use one network for both");
  if (a.count() < 2 || b.count() < 2) fail("distance", "needs two or more images in each set");
}

std::vector<double> mean_of(const Descriptors& d) {
  std::vector<double> mean(d.size, 0.0);
  for (std::size_t i = 0; i < d.values.size(); ++i) mean[i % d.size] += d.values[i];
  for (double& v : mean) v /= static_cast<double>(d.count());
  return mean;
}

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// The product A B^T of a's and b's rows. Four independent sums at a time hide the latency of the
// additions.
Rows products(const Rows& a, const Rows& b) {
  const std::size_t n = a.size, rows = a.count(), columns = b.count();
  Rows c{columns, std::vector<double>(rows * columns)};
  const double *x = a.values.data(), *y = b.values.data();
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4)
    for (std::size_t j = 0; j < columns; ++j) {
      const double *x0 = x + i * n, *x1 = x0 + n, *x2 = x1 + n, *x3 = x2 + n, *v = y + j * n;
      double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (std::size_t k = 0; k < n; ++k) {
        s0 += x0[k] * v[k];
        s1 += x1[k] * v[k];
        s2 += x2[k] * v[k];
        s3 += x3[k] * v[k];
      }
      double* to = c.values.data() + i * columns + j;
      to[0] = s0;
      to[columns] = s1;
      to[2 * columns] = s2;
      to[3 * columns] = s3;
    }
  for (; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) c.values[i * columns + j] = dot(x + i * n, y + j * n, n);
  return c;
}

Rows transposed(const Rows& a) {
  const std::size_t n = a.size, rows = a.count();
  Rows t{rows, std::vector<double>(a.values.size())};
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < n; ++j) t.values[j * rows + i] = a.values[i * n + j];
  return t;
}

// Returns F with F^T F = the covariance: the centered rows; or, if there are more rows than
// columns, the square factor from Cholesky decomposition. Pivots within rounding error of zero
// count as zero.
Rows factor_of(const Descriptors& d, const std::vector<double>& mean) {
  const std::size_t n = d.size;
  Rows f = d;
  const double scale = 1 / std::sqrt(static_cast<double>(d.count() - 1));
  for (std::size_t i = 0; i < f.values.size(); ++i) f.values[i] = (f.values[i] - mean[i % n]) * scale;
  if (d.count() <= n) return f;
  const Rows columns = transposed(f);
  f = products(columns, columns);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, f.values[i * n + i]);
  for (std::size_t k = 0; k < n; ++k) {
    double* row = f.values.data() + k * n;
    std::fill(row, row + k, 0.0);
    const double pivot = row[k] > 1e-14 * largest ? std::sqrt(row[k]) : 0.0;
    for (std::size_t j = k; j < n; ++j) row[j] = pivot > 0 ? row[j] / pivot : 0.0;
    for (std::size_t i = k + 1; i < n; ++i)
      for (std::size_t j = i; j < n; ++j) f.values[i * n + j] -= row[i] * row[j];
  }
  return f;
}

// A symmetric tridiagonal matrix with the same eigenvalues.
struct Tridiagonal {
  std::vector<double> diagonal, beside;
};

// Householder tridiagonalization, one reflection for each column.
Tridiagonal tridiagonal(Rows a) {
  const std::size_t n = a.size;
  Tridiagonal t{std::vector<double>(n), std::vector<double>(n, 0.0)};
  std::vector<double> v(n), p(n);
  for (std::size_t k = 0; k < n; ++k) {
    t.diagonal[k] = a.values[k * n + k];
    if (k + 1 == n) break;
    const std::size_t m = n - k - 1;  // remaining size, from row k + 1 on
    std::copy_n(a.values.data() + k * n + k + 1, m, v.data());
    const double length = std::sqrt(dot(v.data(), v.data(), m));
    t.beside[k] = std::copysign(length, -v[0]);
    v[0] -= t.beside[k];
    const double square = dot(v.data(), v.data(), m);
    if (!(square > 0)) continue;
    // H S H with H = 1 - 2 v v^T / v^T v is S - v q^T - q v^T.
    for (std::size_t i = 0; i < m; ++i)
      p[i] = 2 / square * dot(a.values.data() + (k + 1 + i) * n + k + 1, v.data(), m);
    const double share = dot(v.data(), p.data(), m) / square;
    for (std::size_t i = 0; i < m; ++i) p[i] -= share * v[i];
    for (std::size_t i = 0; i < m; ++i) {
      double* row = a.values.data() + (k + 1 + i) * n + k + 1;
      for (std::size_t j = 0; j < m; ++j) row[j] -= v[i] * p[j] + p[i] * v[j];
    }
  }
  return t;
}

// Number of eigenvalues below x: the number of negative pivots in the elimination of T - x
// (Sylvester).
std::size_t count_below(const Tridiagonal& t, double x, double tiny) {
  std::size_t count = 0;
  double pivot = 1, coupling = 0;
  for (std::size_t i = 0; i < t.diagonal.size(); ++i) {
    pivot = t.diagonal[i] - x - coupling * coupling / pivot;
    if (std::abs(pivot) < tiny) pivot = -tiny;
    if (pivot < 0) ++count;
    coupling = t.beside[i];
  }
  return count;
}

// Sum of the square roots of the eigenvalues of a symmetric matrix that is positive semidefinite up
// to rounding. By bisection.
double sum_of_roots(const Rows& a) {
  const Tridiagonal t = tridiagonal(a);
  double bound = 0, before = 0;  // Gershgorin bounds
  for (std::size_t i = 0; i < t.diagonal.size(); ++i) {
    bound = std::max(bound, std::abs(t.diagonal[i]) + std::abs(before) + std::abs(t.beside[i]));
    before = t.beside[i];
  }
  if (!(bound > 0)) return 0;
  const double tiny = 1e-30 * bound;
  double sum = 0, top = bound;
  for (std::size_t i = t.diagonal.size(); i-- > 0;) {  // the largest first: each bounds the next
    double low = 0, high = top;
    while (high - low > 1e-15 * bound) {
      const double middle = (low + high) / 2;
      if (middle == low || middle == high) break;
      (count_below(t, middle, tiny) > i ? high : low) = middle;
    }
    top = high;
    sum += std::sqrt(low);
  }
  return sum;
}

double kernel_sum(const Descriptors& a, const Descriptors& b, bool same) {
  constexpr std::size_t kRows = 64;  // rows at a time: the table of all pairs may not fit into memory
  double sum = 0;
  for (std::size_t first = 0; first < a.count(); first += kRows) {
    const std::size_t end = std::min(first + kRows, a.count());
    const auto at = [&](std::size_t row) {
      return a.values.begin() + static_cast<std::ptrdiff_t>(row * a.size);
    };
    const Rows c = products({a.size, {at(first), at(end)}}, b);
    for (std::size_t i = 0; i < c.values.size(); ++i) {
      if (same && first + i / c.size == i % c.size) continue;
      const double base = c.values[i] / static_cast<double>(a.size) + 1;
      sum += base * base * base;
    }
  }
  return sum;
}

}  // namespace

double frechet_distance(const Descriptors& a, const Descriptors& b) {
  check(a, b);
  const auto mean_a = mean_of(a), mean_b = mean_of(b);
  const Rows f = factor_of(a, mean_a), g = factor_of(b, mean_b);
  double distance = 0;
  for (std::size_t i = 0; i < a.size; ++i) distance += (mean_a[i] - mean_b[i]) * (mean_a[i] - mean_b[i]);
  for (const Rows* rows : {&f, &g})
    for (const double v : rows->values) distance += v * v;  // the trace of the covariance
  // C_a C_b = F^T F G^T G has the nonzero eigenvalues of M M^T and of M^T M with M = F G^T; the
  // smaller one is used.
  const bool few = f.count() <= g.count();
  const Rows m = few ? products(f, g) : products(g, f);
  return std::max(distance - 2 * sum_of_roots(products(m, m)), 0.0);
}

namespace {

// Rows order[first] to order[end - 1].
Descriptors rows_of(const Descriptors& d, const std::vector<std::size_t>& order, std::size_t first,
                    std::size_t end) {
  Descriptors part{d.size, {}};
  for (std::size_t i = first; i < end; ++i) {
    const double* row = d.values.data() + order[i] * d.size;
    part.values.insert(part.values.end(), row, row + d.size);
  }
  return part;
}

}  // namespace

BlockedDistance blocked_kernel_distance(const Descriptors& a, const Descriptors& b, std::size_t most_blocks,
                                        std::uint64_t seed) {
  check(a, b);
  constexpr std::size_t kSmallestBlock = 50;
  BlockedDistance result;
  result.blocks = std::clamp<std::size_t>(std::min(a.count(), b.count()) / kSmallestBlock, 1,
                                          std::max<std::size_t>(1, most_blocks));
  const std::vector<std::size_t> order_a = shuffled(a.count(), seed), order_b = shuffled(b.count(), seed + 1);
  std::vector<double> values;
  for (std::size_t k = 0; k < result.blocks; ++k) {
    const auto at = [&](std::size_t count, std::size_t block) { return block * count / result.blocks; };
    values.push_back(kernel_distance(rows_of(a, order_a, at(a.count(), k), at(a.count(), k + 1)),
                                     rows_of(b, order_b, at(b.count(), k), at(b.count(), k + 1))));
    result.value += values.back() / static_cast<double>(result.blocks);
  }
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double v : values) squares += (v - result.value) * (v - result.value);
  const auto n = static_cast<double>(values.size());
  result.standard_error = std::sqrt(squares / (n - 1) / n);
  return result;
}

double kernel_distance(const Descriptors& a, const Descriptors& b) {
  check(a, b);
  const auto m = static_cast<double>(a.count()), n = static_cast<double>(b.count());
  return kernel_sum(a, a, true) / (m * (m - 1)) + kernel_sum(b, b, true) / (n * (n - 1)) -
         2 * kernel_sum(a, b, false) / (m * n);
}

}  // namespace sumi
