#include "models/judges/set_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/error.h"
#include "models/judges/perceptual.h"
#include "models/judges/set_scores.h"

namespace sumi {
namespace {

constexpr std::size_t kBlocks = 10, kSplits = 10;
constexpr std::size_t kNeighborhoods = 16384;
constexpr std::size_t kPairs = 200;
constexpr std::size_t kNeighbor = 3;

bool is_fid(const FeatureNetwork& network) {
  return network.name() == "inception-fid";
}

void check_count(const char* which, std::size_t count) {
  if (count < SetJudge::kFewest)
    fail("scores", fmt::format("{} {} image{}; {} or more are needed, and a thousand for figures to trust",
                               count, which, count == 1 ? "" : "s", SetJudge::kFewest));
}

}  // namespace

const std::vector<std::string>& set_score_keys() {
  static const std::vector<std::string> all{"fd",     "kd",  "class_score", "precision",
                                            "recall", "swd", "diversity"};
  return all;
}

bool is_set_score(const std::string& key) {
  const auto& all = set_score_keys();
  return std::find(all.begin(), all.end(), key) != all.end();
}

bool is_better(const Score& score, const Score& than) {
  const auto badness = [](const Score& s) {
    if (s.better == Better::near_reference) return std::abs(s.value - s.reference.value_or(0));
    return s.better == Better::lower ? s.value : -s.value;
  };
  return badness(score) < badness(than);
}

std::string features_title(const FeatureNetwork& network) {
  if (network.name() == "sumi") return "sumi's own features";
  if (network.name().starts_with("inception")) return "Inception features";
  return network.name() == "vgg19" ? "VGG19 features" : network.name() + " features";
}

SetJudge::SetJudge(const ImageSet& real, const FeatureNetwork& network, const Device& device,
                   std::vector<std::string> wanted, std::uint64_t seed)
    : network_(network),
      device_(device),
      wanted_(std::move(wanted)),
      seed_(seed),
      side_(real.side),
      channels_(real.channels) {
  check_count("real", real.count);
  if (wanted_.empty())
    for (const std::string& key : set_score_keys())
      if (key != "class_score" || network_.class_head()) wanted_.push_back(key);
  const auto wants = [this](const char* key) {
    return std::find(wanted_.begin(), wanted_.end(), key) != wanted_.end();
  };
  if (wants("class_score") && !network_.class_head())
    fail("class_score",
         "the feature network has no classes; use a run of sumi train classifier, or an Inception "
         "v3 file with fc.weight");
  real_features_ = features_of(real, network_, device_);
  if (wants("swd")) real_neighborhoods_ = neighborhoods(real, kNeighborhoods, seed_);
  if (wants("diversity")) real_diversity_ = perceptual_diversity(network_, real, kPairs, seed_, device_);
}

std::vector<Score> SetJudge::scores(const ImageSet& generated, const SetFeatures& features) const {
  check_count("generated", generated.count);
  if (generated.side != side_ || generated.channels != channels_)
    fail("scores",
         fmt::format("generated images of {}x{}x{} and real ones of {}x{}x{}; both sets need one size",
                     generated.side, generated.side, generated.channels, side_, side_, channels_));
  std::vector<Score> all;
  for (const std::string& key : wanted_) {
    all.push_back(score(key, generated, features));
    if (!std::isfinite(all.back().value))
      fail(all.back().name, "is not a number: the images or the features hold NaN");
  }
  return all;
}

Score SetJudge::class_score_of(const SetFeatures& features) const {
  const auto of = [](const SetFeatures& f) {
    const std::size_t splits = f.descriptors.count() >= 500 ? kSplits : 1;
    return class_score(f.logits, f.classes, splits);
  };
  const ClassScore generated = of(features);
  return {
      "class_score",
      network_.name() == "sumi" ? "class score on a classifier of sumi's" : "Inception score",
      generated.value,
      of(real_features_).value,
      Better::higher,
      generated.deviation > 0 ? fmt::format("+- {:.2g} over {} parts", generated.deviation, kSplits) : ""};
}

Score SetJudge::score(const std::string& key, const ImageSet& generated, const SetFeatures& features) const {
  const Descriptors &real = real_features_.descriptors, &fake = features.descriptors;
  const std::string on = " on " + features_title(network_);
  if (key == "fd")
    return {key,
            is_fid(network_) ? "FID" : "FD" + on,
            frechet_distance(real, fake),
            {},
            Better::lower,
            std::min(real.count(), fake.count()) <= real.size ? "fewer images than features: too rough" : ""};
  if (key == "kd") {
    const BlockedDistance d = blocked_kernel_distance(real, fake, kBlocks, seed_);
    return {key,
            is_fid(network_) ? "KID" : "KD" + on,
            d.value,
            {},
            Better::lower,
            d.blocks > 1 ? fmt::format("+- {:.2g} over {} blocks", d.standard_error, d.blocks) : ""};
  }
  if (key == "class_score") return class_score_of(features);
  if (key == "precision")
    return {key, key + on, manifold_share(fake, real, kNeighbor), {}, Better::higher, ""};
  if (key == "recall") return {key, key + on, manifold_share(real, fake, kNeighbor), {}, Better::higher, ""};
  if (key == "swd") {
    const SlicedWasserstein d =
        sliced_wasserstein(real_neighborhoods_, neighborhoods(generated, kNeighborhoods, seed_), seed_);
    std::string levels;
    for (const double v : d.levels)
      levels += fmt::format("{}{:.1f}", levels.empty() ? "fine to coarse " : ", ", v);
    return {key, "sliced Wasserstein distance", d.mean, {}, Better::lower, levels};
  }
  return {"diversity",
          "perceptual distance of pairs",
          perceptual_diversity(network_, generated, kPairs, seed_, device_),
          real_diversity_,
          Better::near_reference,
          ""};
}

}  // namespace sumi
