// The gate of a translator: a small classifier that tells images of the model's input domain A from
// images that already look like its output domain B and from everything else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/image/photo.h"
#include "models/inference/feature_network.h"
#include "models/inference/gate_file.h"

namespace sumi {

// The probability of domain B above which an image passes unchanged.
constexpr double kGateAlready = 0.98;

// Probabilities of domain A, domain B and other images; their sum is 1.
using GateScores = std::array<double, 3>;
enum GateClass : std::uint8_t { gate_a, gate_b, gate_other };

// What a translator from A to B is to do with an image.
enum class GateVerdict : std::uint8_t {
  convert,  // A is the most probable class
  already,  // P(B) > kGateAlready: the image is in the style
  unfit,    // anything else
};

class Gate {
 public:
  // Computes on the CPU in f32, whatever the translator's device.
  explicit Gate(const GateWeights& weights);

  // Shrinks up to three squares along the long side to the gate's size and averages their logits. A
  // few milliseconds for an image of any size.
  GateScores scores(const Photo& photo) const;
  // The logits of squares [size,size,3], before the temperature.
  std::vector<std::array<double, 3>> logits(const std::vector<Image8>& squares) const;

  // The divisor of the logits that minimizes the cross-entropy of these labels (Guo 2017,
  // temperature scaling), from 0.05 to 20. Throws Error for no labels.
  static double fit_temperature(const std::vector<std::array<double, 3>>& logits,
                                const std::vector<std::size_t>& labels);

  // `reversed`: the translator's direction is from B to A.
  static GateVerdict judge(const GateScores& scores, bool reversed = false);

  int size() const { return size_; }
  // Names of A, B and other, for people.
  const std::array<std::string, 3>& names() const { return names_; }

 private:
  int size_;
  double temperature_;
  std::array<std::string, 3> names_;
  std::vector<double> weight_, bias_;  // of the head: [3,features], [3]
  FeatureNetwork trunk_;
};

}  // namespace sumi
