#include "models/judges/set_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/error.h"

namespace sumi {
namespace {

// Calls visit(i, squared distances of row i of `from` to all rows of `to`). Four rows of `to` at a
// time hide the latency of the additions.
void for_distances(const Descriptors& from, const Descriptors& to,
                   const std::function<void(std::size_t, std::vector<double>&)>& visit) {
  const std::size_t n = from.size, count = to.count();
  std::vector<double> row(count);
  for (std::size_t i = 0; i < from.count(); ++i) {
    const double* x = from.values.data() + i * n;
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
      const double *a = to.values.data() + j * n, *b = a + n, *c = b + n, *d = c + n;
      double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (std::size_t k = 0; k < n; ++k) {
        const double u0 = x[k] - a[k], u1 = x[k] - b[k], u2 = x[k] - c[k], u3 = x[k] - d[k];
        s0 += u0 * u0, s1 += u1 * u1, s2 += u2 * u2, s3 += u3 * u3;
      }
      row[j] = s0, row[j + 1] = s1, row[j + 2] = s2, row[j + 3] = s3;
    }
    for (; j < count; ++j) {
      const double* a = to.values.data() + j * n;
      double s = 0;
      for (std::size_t k = 0; k < n; ++k) s += (x[k] - a[k]) * (x[k] - a[k]);
      row[j] = s;
    }
    visit(i, row);
  }
}

// Squared distance of each row to its k-th nearest other row.
std::vector<double> squared_radii(const Descriptors& d, std::size_t k) {
  std::vector<double> radii(d.count());
  for_distances(d, d, [&](std::size_t i, std::vector<double>& row) {
    row[i] = -1;  // itself, the smallest
    std::vector<double> sorted = row;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(k), sorted.end());
    radii[i] = sorted[k];
  });
  return radii;
}

// Share of the rows that lie in the balls around `centers`.
double covered(const Descriptors& rows, const Descriptors& centers, const std::vector<double>& radii) {
  std::size_t inside = 0;
  for_distances(rows, centers, [&](std::size_t, const std::vector<double>& row) {
    for (std::size_t j = 0; j < row.size(); ++j)
      if (row[j] <= radii[j]) {
        ++inside;
        break;
      }
  });
  return static_cast<double>(inside) / static_cast<double>(rows.count());
}

std::vector<double> class_probabilities(const double* logits, std::size_t classes) {
  const double most = *std::max_element(logits, logits + classes);
  std::vector<double> p(classes);
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += p[c] = std::exp(logits[c] - most);
  for (double& v : p) v /= sum;
  return p;
}

double score_of_part(const std::vector<double>& logits, std::size_t classes, std::size_t first,
                     std::size_t end) {
  std::vector<double> marginal(classes, 0.0);
  double information = 0;  // the sum of p log p
  for (std::size_t i = first; i < end; ++i) {
    const std::vector<double> p = class_probabilities(logits.data() + i * classes, classes);
    for (std::size_t c = 0; c < classes; ++c) {
      marginal[c] += p[c];
      if (p[c] > 0) information += p[c] * std::log(p[c]);
    }
  }
  const auto n = static_cast<double>(end - first);
  double mean = information / n;
  for (const double m : marginal)
    if (m > 0) mean -= m / n * std::log(m / n);
  return std::exp(mean);
}

}  // namespace

ClassScore class_score(const std::vector<double>& logits, std::size_t classes, std::size_t splits) {
  const std::size_t count = classes == 0 ? 0 : logits.size() / classes;
  if (splits == 0 || count < splits)
    fail("class score",
         fmt::format("needs {} or more images, not {}", std::max<std::size_t>(1, splits), count));
  std::vector<double> scores;
  ClassScore result{0, 0};
  for (std::size_t k = 0; k < splits; ++k) {
    scores.push_back(score_of_part(logits, classes, k * count / splits, (k + 1) * count / splits));
    result.value += scores.back() / static_cast<double>(splits);
  }
  for (const double s : scores)
    result.deviation += (s - result.value) * (s - result.value) / static_cast<double>(splits);
  result.deviation = std::sqrt(result.deviation);
  return result;
}

double manifold_share(const Descriptors& rows, const Descriptors& manifold, std::size_t k) {
  if (rows.size == 0 || rows.size != manifold.size)
    fail("precision", "the two sets have descriptors of different sizes; use one network for both");
  if (rows.count() <= k || manifold.count() <= k)
    fail("precision", fmt::format("needs more than {} images in each set, not {} and {}", k, rows.count(),
                                  manifold.count()));
  return covered(rows, manifold, squared_radii(manifold, k));
}

Nearest nearest_rows(const Descriptors& from, const Descriptors& to, bool same) {
  if (from.size == 0 || from.size != to.size)
    fail("nearest", "the two sets have descriptors of different sizes; use one network for both");
  if (to.count() < (same ? 2u : 1u)) fail("nearest", "needs images to compare with");
  Nearest result{std::vector<std::size_t>(from.count()), std::vector<double>(from.count())};
  for_distances(from, to, [&](std::size_t i, std::vector<double>& row) {
    if (same) row[i] = std::numeric_limits<double>::infinity();
    const auto least = std::min_element(row.begin(), row.end());
    result.index[i] = static_cast<std::size_t>(least - row.begin());
    result.distance[i] = std::sqrt(*least);
  });
  return result;
}

RankTest rank_test(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.empty() || b.empty()) fail("rank test", "needs values on both sides");
  const std::vector<double> sorted = [&] {
    std::vector<double> copy = b;
    std::sort(copy.begin(), copy.end());
    return copy;
  }();
  double below = 0;
  for (const double x : a) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), x);
    below += static_cast<double>(sorted.end() - last) + 0.5 * static_cast<double>(last - first);
  }
  // The variance of the statistic, corrected for ties.
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  double ties = 0;
  for (auto at = all.begin(); at != all.end();) {
    const auto end = std::upper_bound(at, all.end(), *at);
    const auto t = static_cast<double>(end - at);
    ties += t * t * t - t;
    at = end;
  }
  const auto m = static_cast<double>(a.size()), n = static_cast<double>(b.size()), total = m + n;
  const double variance = m * n / 12 * (total + 1 - ties / (total * (total - 1)));
  return {below / (m * n), variance > 0 ? (below - m * n / 2) / std::sqrt(variance) : 0};
}

Interval wilson_interval(double part, double whole) {
  constexpr double z = 1.959963984540054;  // of the normal distribution at 97.5 %
  if (!(whole > 0)) return {0, 1};
  const double p = part / whole, square = z * z / whole;
  const double middle = (p + square / 2) / (1 + square);
  const double half = z / (1 + square) * std::sqrt(p * (1 - p) / whole + square / (4 * whole));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace sumi
