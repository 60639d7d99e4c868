#include "models/inference/load_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/device.h"
#include "engine/serialize/torch_layout.h"
#include "engine/serialize/weight_file.h"
#include "models/inference/feature_backbone.h"
#include "models/inference/inception.h"
#include "models/inference/pretrained_weights.h"
#include "models/inference/shipped_files.h"
#include "models/make_model.h"
#include "models/registry.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/class_labels.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

constexpr double kNormEps = 1e-5;  // LayerSpec's
constexpr int kVggBlocks[] = {2, 2, 4, 4, 4};

struct Stage {
  std::string name;  // "1_1"
  bool pool_before;
  Tensor w, bias;  // [k,3,3,c], [k]
};

// `input_w` [c,1,1,3] and `input_bias` [c], if present, convert images in [-1,1] to the input of
// the first stage.
FeatureNetwork network_of(const std::string& name, const Tensor& input_w, const Tensor& input_bias,
                          const std::vector<Stage>& stages) {
  std::vector<std::string> layers;
  for (const Stage& stage : stages)
    for (const char* kind : {"conv", "relu"}) layers.push_back(kind + stage.name);
  const auto forward = [=](const Tensor& pictures, const FeatureNetwork::Seen& seen) {
    Tensor x = input_w ? conv2d(pictures, input_w, input_bias, {}) : pictures;
    for (const Stage& stage : stages) {
      if (stage.pool_before) x = max_pool2d(x, {});
      x = conv2d(x, stage.w, stage.bias, ConvOptions::same_pads(1, 1));
      if (!seen("conv" + stage.name, x)) return;
      x = relu(x);
      if (!seen("relu" + stage.name, x)) return;
    }
  };
  return {name, layers, stages.front().w.dtype(), forward};
}

}  // namespace

FeatureNetwork freeze_trunk(const Module& trunk, std::int64_t channels, DType dtype, const Device& device) {
  std::map<std::string, Tensor> tensors;
  for (const auto& list : {trunk.parameters(), trunk.buffers()})
    for (const Parameter& p : list) tensors[p.name] = p.value;
  std::vector<Stage> stages;
  for (const TrunkStage& stage : trunk_stages()) {
    const std::string conv = stage.name, place = conv.substr(4), norm = "norm" + place;
    const Tensor& weight = tensors.at(conv + ".weight");
    const auto of_norm = [&](const char* what) { return tensors.at(norm + what).to_vector<double>(); };
    auto w = weight.to_vector<double>();
    const auto bias = fold_norm(w, {of_norm(".weight"), of_norm(".bias"), of_norm(".running_mean"),
                                    of_norm(".running_var"), kNormEps});
    Shape shape = weight.shape();
    if (stages.empty() && channels == 1) {  // a gray image is repeated to three channels
      std::vector<double> three;
      for (const double v : w) three.insert(three.end(), 3, v / 3);
      w = std::move(three);
      shape.c = 3;
    }
    stages.push_back({place, stage.pool_before, Tensor::from(w, shape, dtype, device),
                      Tensor::from(bias, Shape::vector(shape.n), dtype, device)});
  }
  return network_of("sumi", {}, {}, stages);
}

namespace {

// The head of the first data set.
ClassHead first_head(const CheckpointFile& file, const TrainOptions& options) {
  const auto classes = static_cast<std::int64_t>(class_names(options).front().size());
  const auto values = [&](const std::string& name, const Shape& shape) {
    const Tensor tensor = Tensor::full(shape, 0, DType::f64, parse_device("ref"));
    const std::string averaged = "ema.head1." + name;
    file.load(file.has(averaged) ? averaged : "head1." + name, tensor);
    const std::vector<double> all = tensor.to_vector<double>();
    for (const double v : all)
      if (!std::isfinite(v))
        fail("features " + file.path().string(), "holds NaN or infinity in head1." + name);
    return all;
  };
  return {values("fc.weight", {classes, 1, 1, 8 * options.width}), values("fc.bias", Shape::vector(classes))};
}

FeatureNetwork own_network(const fs::path& path, DType dtype, const Device& device) {
  const CheckpointFile file(path);
  const TrainOptions options = stored_options(file);
  if (!model_spec(options.model).requirements.classifies)
    fail("features " + path.string(),
         fmt::format("is a checkpoint of the model {}; give one of sumi train classifier", options.model));
  check_checkpoint_matches(file, options);
  const auto trunk = feature_trunk(options.channels, options.width, DType::f64, parse_device("ref"));
  for (const auto& list : {trunk->parameters(), trunk->buffers()})
    for (const Parameter& p : list) {
      const std::string averaged = "ema.f." + p.name;  // if the run kept averages
      file.load(file.has(averaged) ? averaged : "f." + p.name, p.value);
      for (const double v : p.value.to_vector<double>())
        if (!std::isfinite(v)) fail("features " + path.string(), "holds NaN or infinity in f." + p.name);
    }
  FeatureNetwork network = freeze_trunk(*trunk, options.channels, dtype, device);
  network.set_class_head(first_head(file, options));
  return network;
}

// The 1x1 convolution that converts RGB in [-1,1] to VGG's input.
std::pair<std::vector<double>, std::vector<double>> vgg_input(VggInput input) {
  std::vector<double> w(9, 0.0), bias;
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225},
               bgr_mean[] = {103.939, 116.779, 123.68};
  for (std::size_t c = 0; c < 3; ++c) {
    const bool torch = input == VggInput::torch;
    w[c * 3 + (torch ? c : 2 - c)] = torch ? 0.5 / deviation[c] : 127.5;
    bias.push_back(torch ? (0.5 - mean[c]) / deviation[c] : 127.5 - bgr_mean[c]);
  }
  return {w, bias};
}

FeatureNetwork vgg19(const fs::path& path, DType dtype, const Device& device, VggInput input) {
  const FrozenWeights file(path, "VGG19",
                           "VGG19 in torchvision's names has features.0.weight and .bias to features.34");
  std::vector<Stage> stages;
  std::int64_t channels = 3;
  int index = 0;  // in torchvision's list, which counts convolutions, ReLUs and pools
  for (int block = 0; block < 5; ++block) {
    for (int i = 0; i < kVggBlocks[block]; ++i, index += 2) {
      const std::string name = fmt::format("features.{}", index);
      const auto& bias = file.find(name + ".bias").shape;
      const std::int64_t width = bias.size() == 1 ? bias[0] : 64;
      const Shape shape{width, 3, 3, channels};
      const auto w = file.values(name + ".weight", {width, channels, 3, 3});
      stages.push_back(
          {fmt::format("{}_{}", block + 1, i + 1), block > 0 && i == 0,
           Tensor::from(from_torch(w, shape, {TorchLayout::Kind::conv}), shape, dtype, device),
           Tensor::from(file.values(name + ".bias", {width}), Shape::vector(width), dtype, device)});
      channels = width;
    }
    ++index;
  }
  const auto [w, bias] = vgg_input(input);
  return network_of("vgg19", Tensor::from(w, {3, 1, 1, 3}, dtype, device),
                    Tensor::from(bias, Shape::vector(3), dtype, device), stages);
}

}  // namespace

fs::path own_features_path() {
  if (const char* given = std::getenv("SUMI_FEATURES"); given && *given) return given;
  if (fs::path found = find_shipped("models/data", "features.safetensors"); !found.empty()) return found;
  fail("features",
       "sumi's own feature network was not found beside the program; set SUMI_FEATURES to its file "
       "features.safetensors, or train one with sumi train classifier");
}

namespace {

bool names_own(const std::string& name) {
  return name.empty() || name == "builtin" || name == "own";
}

fs::path features_path(const std::string& name) {
  std::error_code error;
  if (names_own(name)) return own_features_path();
  if (!fs::exists(name, error))
    fail("--feature-network",
         fmt::format("{} does not exist; give own, a run of sumi train classifier, or the weights of VGG19 "
                     "or Inception v3",
                     name));
  return resolve_checkpoint(name);
}

}  // namespace

bool is_own_network(const std::string& name) {
  return names_own(name) || WeightFile(features_path(name)).metadata().contains("sumi.model");
}

FeatureNetwork load_features(const std::string& name, DType dtype, const Device& device, VggInput input,
                             std::optional<InceptionPools> pools) {
  const fs::path path = features_path(name);
  const WeightFile file(path);
  if (file.metadata().contains("sumi.model")) return own_network(path, dtype, device);
  const auto holds = [&](const char* beginning) {
    return std::any_of(file.entries().begin(), file.entries().end(),
                       [&](const WeightFile::Entry& entry) { return entry.name.starts_with(beginning); });
  };
  if (holds("Conv2d_1a_3x3.") || holds("Mixed_"))
    return load_inception(path, dtype, device, pools ? *pools : inception_pools(path));
  if (holds("features.")) return vgg19(path, dtype, device, input);
  fail("features " + path.string(),
       "holds no network that is known by its tensors' names; in torchvision's names VGG19 begins with "
       "features.0.weight and Inception v3 with Conv2d_1a_3x3.conv.weight");
}

}  // namespace sumi
