#include "models/judges/memorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/error.h"
#include "engine/image/labeled_sheet.h"
#include "models/judges/set_scores.h"

namespace sumi {
namespace {

constexpr int kCell = 112;  // pixels, at least, so that the label fits
constexpr int kColumns = 8;

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

Image8 enlarged(const Image8& image) {
  return enlarge(image, std::max(1, (kCell + image.width - 1) / image.width));
}

}  // namespace

Memorization memorization(const Descriptors& samples, const Descriptors& training,
                          const Descriptors& held_out) {
  if (samples.count() < 2 || training.count() < 2)
    fail("memorization", "needs two or more samples and training images");
  Memorization m;
  Nearest found = nearest_rows(samples, training);
  m.nearest = std::move(found.index);
  m.distance = std::move(found.distance);
  m.has_held_out = held_out.count() > 0;
  const std::vector<double> others = m.has_held_out ? nearest_rows(held_out, training).distance
                                                    : nearest_rows(training, training, true).distance;
  m.median = quantile(m.distance, 0.5);
  m.held_out_median = quantile(others, 0.5);
  const RankTest test = rank_test(m.distance, others);
  m.nearer = test.probability, m.z = test.z;
  const double limit = quantile(others, 0.01);
  m.suspicious = static_cast<double>(std::count_if(m.distance.begin(), m.distance.end(),
                                                   [limit](double d) { return d < limit; })) /
                 static_cast<double>(m.distance.size());
  return m;
}

Image8 memorization_sheet(const Memorization& m, const ImageSet& samples, const ImageSet& training,
                          std::size_t pairs) {
  std::vector<std::size_t> order(m.distance.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&m](std::size_t a, std::size_t b) { return m.distance[a] < m.distance[b]; });
  std::vector<LabeledImage> cells;
  for (std::size_t k = 0; k < std::min(pairs, order.size()); ++k) {
    const std::size_t i = order[k];
    cells.push_back({fmt::format("sample {}", i), enlarged(samples.at(i))});
    cells.push_back({fmt::format("at {:.3g}", m.distance[i]), enlarged(training.at(m.nearest[i]))});
  }
  return make_labeled_sheet(cells, kColumns);
}

}  // namespace sumi
