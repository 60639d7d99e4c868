// Inception v3 from a file: values that can be computed by hand. tests/parity/features_parity.py
// compares whole descriptors with PyTorch.
#include "models/inference/inception.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "engine/runtime/device.h"
#include "engine/serialize/safetensors.h"
#include "models/inference/load_features.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

struct Stored {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using Weights = std::map<std::string, Stored>;

// Only the norms' betas pass through a layer, so that every map is flat: channel k has the value k
// % 3. The variances plus eps are 1.
Weights flat(std::size_t layers) {
  Weights all;
  for (const auto& [name, shape] : inception_convolutions()) {
    if (layers-- == 0) break;
    const auto out = static_cast<std::size_t>(shape[0]);
    std::size_t count = 1;
    for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
    all[name + ".conv.weight"] = {shape, std::vector<float>(count, 0.0f)};
    all[name + ".bn.weight"] = {{shape[0]}, std::vector<float>(out, 1.0f)};
    all[name + ".bn.running_mean"] = {{shape[0]}, std::vector<float>(out, 0.0f)};
    all[name + ".bn.running_var"] = {{shape[0]}, std::vector<float>(out, 0.999f)};
    auto& beta = all[name + ".bn.bias"] = {{shape[0]}, std::vector<float>(out)};
    for (std::size_t k = 0; k < out; ++k) beta.values[k] = static_cast<float>(k % 3);
  }
  return all;
}

fs::path write_weights(const fs::path& path, const Weights& weights) {
  SafetensorsWriter writer;
  for (const auto& [name, t] : weights)
    writer.add(name, "F32", t.shape, t.values.data(), t.values.size() * sizeof(float));
  writer.write(path);
  return path;
}

double mean_of_channel(const Tensor& map, std::int64_t channel) {
  const auto values = map.to_vector<double>();
  double sum = 0;
  for (std::size_t i = static_cast<std::size_t>(channel); i < values.size();
       i += static_cast<std::size_t>(map.shape().c))
    sum += values[i];
  return sum * static_cast<double>(map.shape().c) / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("inception: layers, the order of branches, folded norms, and both rules for pools") {
  const TempDir folder;
  set_threads(1);  // as fast as more, and independent of other load
  Weights weights = flat(1000);
  CHECK(weights.size() == 5 * 94);
  // The first channel of three pool branches adds the pool's result for channel 2, which is 2, to
  // its beta.
  for (const char* name : {"Mixed_5d", "Mixed_6e", "Mixed_7c"})
    weights.at(std::string(name) + ".branch_pool.conv.weight").values[2] = 1;
  // Channel 1 of the last block, by its norm alone: 1 + (0 - (-3)) 2 / 2
  weights.at("Mixed_7c.branch1x1.bn.weight").values[1] = 2;
  weights.at("Mixed_7c.branch1x1.bn.running_mean").values[1] = -3;
  weights.at("Mixed_7c.branch1x1.bn.running_var").values[1] = 3.999f;
  weights["AuxLogits.fc.bias"] = {{1000}, std::vector<float>(1000, NAN)};  // ignored
  // A classifier of as many classes as only FID's weights have: class 5 sees one descriptor.
  weights["fc.weight"] = {{1008, 2048}, std::vector<float>(std::size_t{1008} * 2048, 0.0f)};
  weights["fc.weight"].values[5 * 2048 + 2048 - 192] = 0.5f;
  weights["fc.bias"] = {{1008}, std::vector<float>(1008, 3.0f)};
  const fs::path path = write_weights(folder.path / "inception.safetensors", weights);
  weights.clear();

  const Device device = parse_device("cpu");
  const Tensor pictures = Tensor::full({1, 20, 30, 1}, 0.5, DType::f32, device);  // gray, of another size
  const NoGrad no_grad;
  for (const InceptionPools pools : {InceptionPools::torch, InceptionPools::fid}) {
    const FeatureNetwork network = load_features(path.string(), DType::f32, device, VggInput::torch, pools);
    CHECK(network.name() == (pools == InceptionPools::fid ? "inception-fid" : "inception"));
    const auto maps = network(pictures, {"Mixed_7c", "Mixed_5d", "Mixed_6e"});
    CHECK(maps[1].shape() == Shape{1, 35, 35, 288});
    CHECK(maps[2].shape() == Shape{1, 17, 17, 768});
    CHECK(maps[0].shape() == Shape{1, 8, 8, 2048});
    // Of the n windows along a side, the outer two have a third outside, where torch's average
    // counts zeros.
    const auto inside = [&](double n) {
      return pools == InceptionPools::fid ? 1 : std::pow((n - 2 + 4.0 / 3) / n, 2);
    };
    CHECK(mean_of_channel(maps[1], 288 - 64) == doctest::Approx(2 * inside(35)));
    CHECK(mean_of_channel(maps[2], 768 - 192) == doctest::Approx(2 * inside(17)));
    CHECK(mean_of_channel(maps[0], 2048 - 192) == doctest::Approx(2 * inside(8)));
    CHECK(mean_of_channel(maps[0], 1) == doctest::Approx(4));
    CHECK(mean_of_channel(maps[0], 320 + 383) == doctest::Approx(383 % 3));
    CHECK(mean_of_channel(maps[0], 320 + 384 + 1) == doctest::Approx(1));

    REQUIRE(network.class_head());
    const std::vector<double> logits = network.class_head()->logits([&] {
      std::vector<double> row(2048, 0.0);
      row[2048 - 192] = 7;
      return row;
    }());
    REQUIRE(logits.size() == 1008);
    const double bias = pools == InceptionPools::fid ? 0 : 3;  // as the Inception score is computed
    CHECK(logits[5] == 3.5 + bias);
    CHECK(logits[6] == bias);
    if (pools == InceptionPools::fid) continue;
    const Tensor rows = network.descriptor(pictures);
    CHECK(rows.shape() == Shape{1, 1, 1, 2048});
    CHECK(rows.to_vector<double>()[2048 - 192] == doctest::Approx(2 * inside(8)));
    CHECK(has(error_of([&] { network(pictures, {"conv4_1"}); }),
              "no layer 'conv4_1'; use one of: Mixed_5d, Mixed_6e, Mixed_7c"));
  }
}

TEST_CASE("inception: a file's classes decide the pools") {
  const TempDir folder;
  Weights weights{{"Conv2d_1a_3x3.conv.weight", {{32, 3, 3, 3}, std::vector<float>(32 * 27, 0.0f)}}};
  const auto pools = [&](std::int64_t classes) {
    weights["fc.weight"] = {{classes, 2048},
                            std::vector<float>(static_cast<std::size_t>(classes) * 2048, 0.0f)};
    return inception_pools(write_weights(folder.path / "weights.safetensors", weights));
  };
  CHECK(pools(1008) == InceptionPools::fid);
  CHECK(pools(1000) == InceptionPools::torch);
}

TEST_CASE("inception: files that do not fit are refused by name") {
  const TempDir folder;
  const auto said = [&](const Weights& weights) {
    const fs::path path = write_weights(folder.path / "weights.safetensors", weights);
    return error_of([&] { load_features(path.string(), DType::f32, parse_device("cpu")); });
  };
  const Weights good = flat(2);
  CHECK(has(said(good), "weights.safetensors"));
  CHECK(has(said(good), "has no Conv2d_2b_3x3.conv.weight; Inception v3 in torchvision's names has"));
  Weights bad = good;
  bad.erase("Conv2d_1a_3x3.bn.running_var");
  CHECK(has(said(bad), "has no Conv2d_1a_3x3.bn.running_var"));
  bad = good;
  bad.at("Conv2d_1a_3x3.conv.weight").shape = {3, 3, 3, 32};  // TensorFlow's layout
  CHECK(has(said(bad), "has Conv2d_1a_3x3.conv.weight of 3x3x3x32, but Inception v3 needs 32x3x3x3 there"));
  bad = good;
  bad.at("Conv2d_2a_3x3.conv.weight").values[7] = NAN;
  CHECK(has(said(bad), "NaN or infinity in Conv2d_2a_3x3.conv.weight"));
  bad = good;
  bad.at("Conv2d_2a_3x3.bn.running_var").values[7] = -1;
  CHECK(has(said(bad), "negative variance in Conv2d_2a_3x3.bn.running_var"));
  CHECK(has(said({{"layer1.0.conv1.weight", {{1}, {0}}}}), "no network that is known by its tensors' names"));
}
