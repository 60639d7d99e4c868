#include "models/inference/gate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/runtime/device.h"
#include "models/inference/feature_backbone.h"
#include "models/inference/load_features.h"

namespace sumi {
namespace {

constexpr int kMostSquares = 3;
// Short side, in sizes of the gate, above which pixels are picked before they are filtered.
constexpr int kPicked = 4;

FeatureNetwork trunk_of(const GateWeights& weights) {
  const auto trunk = feature_trunk(3, weights.width, DType::f64, parse_device("ref"));
  for (const auto& list : {trunk->parameters(), trunk->buffers()})
    for (const Parameter& p : list) p.value.assign(weights.tensors.at("f." + p.name).values);
  return freeze_trunk(*trunk, 3, DType::f32, parse_device("cpu"));
}

// Every step-th pixel of every step-th row, so that a filter has less to read.
Image16 picked(const Photo& photo, int step) {
  Image16 image((photo.width + step - 1) / step, (photo.height + step - 1) / step, 3);
  const auto width = static_cast<std::size_t>(photo.width), stride = static_cast<std::size_t>(step);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      std::copy_n(
          photo.rgb.data() + 3 * stride * (static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)),
          3, image.at(x, y));
  return image;
}

Image8 to_levels(const Image16& image) {
  Image8 levels(image.width, image.height, 3);
  std::transform(image.data.begin(), image.data.end(), levels.data.begin(),
                 [](std::uint16_t v) { return static_cast<std::uint8_t>((v + 128) / 257); });
  return levels;
}

std::vector<Image8> squares_of(const Photo& photo, int size) {
  const Image16 image = picked(photo, std::max(1, std::min(photo.width, photo.height) / (kPicked * size)));
  const int side = std::min(image.width, image.height), length = std::max(image.width, image.height);
  const int count = std::min(kMostSquares, (length + side - 1) / side);
  std::vector<Image8> squares;
  for (int i = 0; i < count; ++i) {
    const int at = count == 1 ? 0 : static_cast<int>(std::int64_t{length - side} * i / (count - 1));
    Image16 square(side, side, 3);
    for (int y = 0; y < side; ++y)
      std::copy_n(image.width > image.height ? image.at(at, y) : image.at(0, at + y), 3 * side,
                  square.at(0, y));
    squares.push_back(to_levels(resize_image(square, size, size)));
  }
  return squares;
}

GateScores softmax(const std::array<double, 3>& logits, double temperature) {
  GateScores scores{};
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t k = 0; k < 3; ++k) sum += scores[k] = std::exp((logits[k] - most) / temperature);
  for (double& score : scores) score /= sum;
  return scores;
}

}  // namespace

Gate::Gate(const GateWeights& weights)
    : size_(weights.size),
      temperature_(weights.temperature),
      names_(weights.names),
      weight_(weights.tensors.at("head.fc.weight").values),
      bias_(weights.tensors.at("head.fc.bias").values),
      trunk_(trunk_of(weights)) {}

std::vector<std::array<double, 3>> Gate::logits(const std::vector<Image8>& squares) const {
  const NoGrad no_grad;
  std::vector<float> levels;
  for (const Image8& square : squares)
    for (const std::uint8_t v : square.data) levels.push_back(static_cast<float>(v) / 127.5f - 1.0f);
  const Shape shape{static_cast<std::int64_t>(squares.size()), size_, size_, 3};
  const auto features =
      trunk_.descriptor(Tensor::from(levels, shape, DType::f32, parse_device("cpu"))).to_vector<double>();
  const std::size_t width = weight_.size() / 3;
  std::vector<std::array<double, 3>> rows(squares.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      rows[i][k] = bias_[k];
      for (std::size_t c = 0; c < width; ++c) rows[i][k] += weight_[k * width + c] * features[i * width + c];
    }
  return rows;
}

GateScores Gate::scores(const Photo& photo) const {
  const auto rows = logits(squares_of(photo, size_));
  std::array<double, 3> mean{};
  for (const auto& row : rows)
    for (std::size_t k = 0; k < 3; ++k) mean[k] += row[k] / static_cast<double>(rows.size());
  return softmax(mean, temperature_);
}

double Gate::fit_temperature(const std::vector<std::array<double, 3>>& logits,
                             const std::vector<std::size_t>& labels) {
  if (labels.empty()) fail("gate", "has no images to calibrate on; give a folder with images of each class");
  const auto entropy = [&](double log_temperature) {
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      sum -= std::log(std::max(softmax(logits[i], std::exp(log_temperature))[labels[i]], 1e-300));
    return sum;
  };
  // The cross-entropy is convex in 1/T, so it has one minimum: golden sections of log T.
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(0.05), high = std::log(20.0);
  for (int i = 0; i < 60; ++i) {
    const double a = high - ratio * (high - low), b = low + ratio * (high - low);
    (entropy(a) < entropy(b) ? high : low) = entropy(a) < entropy(b) ? b : a;
  }
  return std::exp((low + high) / 2);
}

GateVerdict Gate::judge(const GateScores& scores, bool reversed) {
  const double wanted = scores[reversed ? gate_b : gate_a], made = scores[reversed ? gate_a : gate_b];
  if (made > kGateAlready) return GateVerdict::already;
  return wanted >= std::max(made, scores[gate_other]) ? GateVerdict::convert : GateVerdict::unfit;
}

}  // namespace sumi
