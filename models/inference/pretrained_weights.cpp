#include "models/inference/pretrained_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace sumi {

FrozenWeights::FrozenWeights(const std::filesystem::path& path, std::string network, std::string names)
    : where_("features " + path.string()),
      network_(std::move(network)),
      names_(std::move(names)),
      file_(path) {
  for (const auto& entry : file_.entries()) entries_[entry.name] = &entry;
}

void FrozenWeights::refuse(const std::string& text) const {
  fail(where_, text);
}

const WeightFile::Entry& FrozenWeights::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) refuse(fmt::format("has no {}; {}", name, names_));
  return *found->second;
}

std::vector<double> FrozenWeights::values(const std::string& name,
                                          const std::vector<std::int64_t>& shape) const {
  const WeightFile::Entry& entry = find(name);
  if (entry.shape != shape)
    refuse(fmt::format("has {} of {}, but {} needs {} there; {}", name, fmt::join(entry.shape, "x"), network_,
                       fmt::join(shape, "x"), names_));
  auto values = file_.values(name);
  if (values.empty()) refuse(fmt::format("has {} as {}; store it as F32", name, entry.dtype));
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    refuse(fmt::format("holds NaN or infinity in {}; download the file again", name));
  return values;
}

std::vector<double> fold_norm(std::vector<double>& w, const FrozenNorm& norm) {
  std::vector<double> bias;
  const std::size_t row = w.size() / norm.gamma.size();
  for (std::size_t k = 0; k < norm.gamma.size(); ++k) {
    const double scale = norm.gamma[k] / std::sqrt(norm.var[k] + norm.eps);
    for (std::size_t i = 0; i < row; ++i) w[k * row + i] *= scale;
    bias.push_back(norm.beta[k] - norm.mean[k] * scale);
  }
  return bias;
}

}  // namespace sumi
