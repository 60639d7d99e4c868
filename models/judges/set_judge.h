// The scores of a set of generated images against real ones, by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/inference/feature_network.h"
#include "models/judges/image_set.h"
#include "models/judges/sliced_wasserstein.h"

namespace sumi {

enum class Better : std::uint8_t { lower, higher, near_reference };

// One row of a table of scores.
struct Score {
  std::string key;   // "fd", in --metrics, stats.jsonl and JSON
  std::string name;  // "FD on sumi's own features"
  double value = 0;
  std::optional<double> reference = {};  // the same figure of the real images
  Better better = Better::lower;
  std::string note = {};
};

// The keys that --metrics may name: fd, kd, class_score, precision, recall, swd, diversity.
const std::vector<std::string>& set_score_keys();
bool is_set_score(const std::string& key);
// Returns true if `value` is a better score than `than`. A score that has a reference is better the
// nearer it is to it.
bool is_better(const Score& score, const Score& than);

// "sumi's own features", "VGG19 features", "Inception features".
std::string features_title(const FeatureNetwork& network);

// Holds what the real images contribute, so that several generated sets cost less.
class SetJudge {
 public:
  // `wanted`: keys; empty: all that the network allows. Throws Error for fewer than kFewest images,
  // and for class_score if the network has no class head.
  SetJudge(const ImageSet& real, const FeatureNetwork& network, const Device& device,
           std::vector<std::string> wanted, std::uint64_t seed);
  static constexpr std::size_t kFewest = 10;

  // In the order of `wanted`. `features` are those of `generated`. Throws Error for fewer than
  // kFewest images, other sizes or channels.
  std::vector<Score> scores(const ImageSet& generated, const SetFeatures& features) const;
  std::vector<Score> scores(const ImageSet& generated) const {
    return scores(generated, features_of(generated, network_, device_));
  }
  const SetFeatures& real_features() const { return real_features_; }

 private:
  Score score(const std::string& key, const ImageSet& generated, const SetFeatures& features) const;
  Score class_score_of(const SetFeatures& features) const;

  FeatureNetwork network_;
  Device device_;
  std::vector<std::string> wanted_;
  std::uint64_t seed_;
  int side_, channels_;
  SetFeatures real_features_;
  std::vector<Neighborhoods> real_neighborhoods_;
  double real_diversity_ = 0;
};

}  // namespace sumi
