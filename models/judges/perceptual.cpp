#include "models/judges/perceptual.h"

#include <algorithm>
#include <cmath>

#include "engine/autograd.h"
#include "engine/error.h"
#include "models/judges/shuffle.h"

namespace sumi {
namespace {

constexpr std::size_t kPairBatch = 16;

// Adds to each element of `sums` the mean over the pixels of |x / |x| - y / |y||^2.
void add_layer(const Tensor& a, const Tensor& b, std::vector<double>& sums) {
  const Shape& s = a.shape();
  const std::vector<float> x = a.to_vector<float>(), y = b.to_vector<float>();
  const auto channels = static_cast<std::size_t>(s.c), pixels = static_cast<std::size_t>(s.h * s.w);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    double sum = 0;
    for (std::size_t p = i * pixels; p < (i + 1) * pixels; ++p) {
      const float *u = x.data() + p * channels, *v = y.data() + p * channels;
      double uu = 0, vv = 0, uv = 0;
      for (std::size_t c = 0; c < channels; ++c)
        uu += double{u[c]} * u[c], vv += double{v[c]} * v[c], uv += double{u[c]} * v[c];
      const double nu = std::sqrt(uu) + 1e-10, nv = std::sqrt(vv) + 1e-10;
      sum += uu / (nu * nu) + vv / (nv * nv) - 2 * uv / (nu * nv);
    }
    sums[i] += std::max(0.0, sum / static_cast<double>(pixels));
  }
}

}  // namespace

std::vector<std::string> perceptual_layers(const FeatureNetwork& network) {
  std::vector<std::string> layers;
  for (const std::string& layer : network.layers()) {
    if (!layer.starts_with("relu")) {
      if (!layer.starts_with("conv")) layers.push_back(layer);
      continue;
    }
    const bool same_block =
        !layers.empty() && layers.back().starts_with("relu") && layers.back()[4] == layer[4];
    if (same_block) layers.pop_back();
    layers.push_back(layer);
  }
  return layers;
}

std::vector<double> perceptual_distances(const FeatureNetwork& network, const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape()))
    fail("perceptual distance",
         "images of " + a.shape().str() + " and " + b.shape().str() + " differ in size");
  const NoGrad no_grad;
  const std::vector<std::string> layers = perceptual_layers(network);
  const std::vector<Tensor> x = network(a, layers), y = network(b, layers);
  std::vector<double> sums(static_cast<std::size_t>(a.shape().n), 0.0);
  for (std::size_t k = 0; k < layers.size(); ++k) add_layer(x[k], y[k], sums);
  return sums;
}

std::vector<double> perceptual_distances(const FeatureNetwork& network, const ImageSet& a, const ImageSet& b,
                                         const Device& device) {
  std::vector<double> all;
  const std::size_t count = std::min(a.count, b.count);
  for (std::size_t first = 0; first < count; first += kPairBatch) {
    const std::size_t n = std::min(kPairBatch, count - first);
    for (const double d :
         perceptual_distances(network, to_tensor(a, first, n, device), to_tensor(b, first, n, device)))
      all.push_back(d);
  }
  return all;
}

double perceptual_diversity(const FeatureNetwork& network, const ImageSet& set, std::size_t pairs,
                            std::uint64_t seed, const Device& device) {
  if (set.count < 2) return 0;
  SplitMix random(seed);
  std::vector<std::size_t> first, second;
  for (std::size_t k = 0; k < pairs; ++k) {
    first.push_back(random.below(set.count));
    second.push_back((first.back() + 1 + random.below(set.count - 1)) % set.count);
  }
  const auto chosen = [&set](const std::vector<std::size_t>& order) {
    return ImageSet{order.size(), set.side, set.channels, [&](std::size_t i) { return set.at(order[i]); }};
  };
  double sum = 0;
  for (const double d : perceptual_distances(network, chosen(first), chosen(second), device)) sum += d;
  return sum / static_cast<double>(pairs);
}

}  // namespace sumi
