// Scores of a set of images from descriptors and class logits of a feature network.
#pragma once

#include <cstddef>
#include <vector>

#include "models/judges/frechet.h"

namespace sumi {

// exp(mean over the rows of KL(p(y|x) || p(y))), the mean over `splits` consecutive parts and its
// deviation (Salimans 2016). `logits`: rows of `classes` values, softmaxed here. Called Inception
// score only with the Inception network's classes. Throws Error for fewer rows than splits.
struct ClassScore {
  double value = 1, deviation = 0;
};
ClassScore class_score(const std::vector<double>& logits, std::size_t classes, std::size_t splits);

// Improved precision and recall (Kynkaanniemi 2019): a set's manifold is the union of balls around
// its rows, each of which reaches to the row's k-th nearest other row. The share of `rows` in the
// manifold of `manifold`: precision for generated rows in the real one, recall for real rows in the
// generated one. Throws Error for sets of k rows or fewer.
double manifold_share(const Descriptors& rows, const Descriptors& manifold, std::size_t k = 3);

// The nearest row of `to` for each row of `from`: its index and Euclidean distance. `same`: the
// sets are one, and a row is not its own neighbor.
struct Nearest {
  std::vector<std::size_t> index;
  std::vector<double> distance;
};
Nearest nearest_rows(const Descriptors& from, const Descriptors& to, bool same = false);

// The probability that a value of `a` is below one of `b`, ties counting one half (the statistic of
// Mann and Whitney 1947, divided by the number of pairs), and its normal score: 0.5 and 0 for
// samples of one distribution.
struct RankTest {
  double probability = 0.5, z = 0;
};
RankTest rank_test(const std::vector<double>& a, const std::vector<double>& b);

// The interval of a share of `part` in `whole` at a confidence of 95 % (Wilson 1927).
struct Interval {
  double low = 0, high = 1;
};
Interval wilson_interval(double part, double whole);

}  // namespace sumi
