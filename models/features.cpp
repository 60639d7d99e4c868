#include "models/features.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "engine/device.h"
#include "engine/safetensors.h"
#include "engine/torch_layout.h"
#include "models/checkpoint_info.h"
#include "models/feature_trunk.h"
#include "models/model.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

constexpr double kNormEps = 1e-5;  // LayerSpec's
constexpr int kVggBlocks[] = {2, 2, 4, 4, 4};

}  // namespace

FeatureNetwork::FeatureNetwork(std::string name, Tensor input_w, Tensor input_bias, std::vector<Stage> stages)
    : name_(std::move(name)),
      input_w_(std::move(input_w)),
      input_bias_(std::move(input_bias)),
      stages_(std::move(stages)) {}

std::vector<std::string> FeatureNetwork::layers() const {
  std::vector<std::string> names;
  for (const Stage& stage : stages_)
    for (const char* kind : {"conv", "relu"}) names.push_back(kind + stage.name);
  return names;
}

std::vector<Tensor> FeatureNetwork::operator()(const Tensor& pictures,
                                               const std::vector<std::string>& wanted) const {
  const auto known = layers();
  std::map<std::string, Tensor> maps;
  for (const auto& layer : wanted) {
    if (std::find(known.begin(), known.end(), layer) == known.end())
      fail("features " + name_,
           fmt::format("has no layer '{}'; there are: {}", layer, fmt::join(known, ", ")));
    maps[layer];
  }
  std::size_t missing = maps.size();
  const Shape& s = pictures.shape();
  Tensor x = pictures;
  if (s.c == 1) x = concat({x, x, x}, 3);
  if (input_w_) x = conv2d(x, input_w_, input_bias_, {});
  for (const Stage& stage : stages_) {
    if (missing == 0) break;
    if (stage.pool_before) x = max_pool2d(x, {});
    x = conv2d(x, stage.w, stage.bias, ConvOptions::same_pads(1, 1));
    for (const char* kind : {"conv", "relu"}) {
      if (kind[0] == 'r') x = relu(x);
      if (const auto map = maps.find(kind + stage.name); map != maps.end()) {
        map->second = x;
        --missing;
      }
    }
  }
  std::vector<Tensor> result;
  for (const auto& layer : wanted) result.push_back(maps.at(layer));
  return result;
}

Tensor FeatureNetwork::descriptor(const Tensor& pictures) const {
  const Tensor map = (*this)(pictures, {"relu" + stages_.back().name})[0];
  const Shape& s = map.shape();
  return sum_to(map, {s.n, 1, 1, s.c}, 1.0 / static_cast<double>(s.h * s.w));
}

FeatureNetwork freeze_trunk(const Module& trunk, std::int64_t channels, DType dtype, const Device& device) {
  std::map<std::string, Tensor> tensors;
  for (const auto& list : {trunk.parameters(), trunk.buffers()})
    for (const Parameter& p : list) tensors[p.name] = p.value;
  std::vector<FeatureNetwork::Stage> stages;
  for (const TrunkStage& stage : trunk_stages()) {
    const std::string conv = stage.name, place = conv.substr(4), norm = "norm" + place;
    const Tensor& weight = tensors.at(conv + ".weight");
    auto w = weight.to_vector<double>();
    const auto gamma = tensors.at(norm + ".weight").to_vector<double>(),
               beta = tensors.at(norm + ".bias").to_vector<double>(),
               mean = tensors.at(norm + ".running_mean").to_vector<double>(),
               var = tensors.at(norm + ".running_var").to_vector<double>();
    std::vector<double> bias;
    const std::size_t row = w.size() / gamma.size();
    for (std::size_t k = 0; k < gamma.size(); ++k) {
      const double scale = gamma[k] / std::sqrt(var[k] + kNormEps);
      for (std::size_t i = 0; i < row; ++i) w[k * row + i] *= scale;
      bias.push_back(beta[k] - mean[k] * scale);
    }
    Shape shape = weight.shape();
    if (stages.empty() && channels == 1) {  // a grey picture comes as three equal channels
      std::vector<double> three;
      for (const double v : w) three.insert(three.end(), 3, v / 3);
      w = std::move(three);
      shape.c = 3;
    }
    stages.push_back({place, stage.pool_before, Tensor::from(w, shape, dtype, device),
                      Tensor::from(bias, Shape::vector(shape.n), dtype, device)});
  }
  return {"sumi", {}, {}, std::move(stages)};
}

namespace {

FeatureNetwork own_network(const fs::path& path, DType dtype, const Device& device) {
  const CheckpointFile file(path);
  if (file.header().model != "features")
    fail(
        "features " + path.string(),
        fmt::format("is a checkpoint of the model {}; give one of sumi train features", file.header().model));
  const TrainOptions options = stored_options(file);
  check_fits(file, options);
  const auto trunk = feature_trunk(options.channels, options.width, DType::f64, parse_device("ref"));
  for (const auto& list : {trunk->parameters(), trunk->buffers()})
    for (const Parameter& p : list) {
      const std::string averaged = "ema.f." + p.name;  // where the run kept averages
      file.load(file.has(averaged) ? averaged : "f." + p.name, p.value);
      for (const double v : p.value.to_vector<double>())
        if (!std::isfinite(v)) fail("features " + path.string(), "holds NaN or infinity in f." + p.name);
    }
  return freeze_trunk(*trunk, options.channels, dtype, device);
}

// The 1x1 convolution that makes VGG's input of RGB in [-1,1].
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
  const std::string where = "features " + path.string();
  const ForeignFile file(path);
  std::map<std::string, const ForeignFile::Entry*> entries;
  for (const auto& entry : file.entries()) entries[entry.name] = &entry;
  const auto find = [&](const std::string& name) -> const ForeignFile::Entry& {
    const auto found = entries.find(name);
    if (found == entries.end())
      fail(where, fmt::format("has no {}; VGG19 in torchvision's names has features.0.weight and .bias to "
                              "features.34. (Inception is not known.)",
                              name));
    return *found->second;
  };
  const auto take = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    const ForeignFile::Entry& entry = find(name);
    if (entry.shape != shape)
      fail(where, fmt::format("has {} of {}, but VGG19 wants {} there", name, fmt::join(entry.shape, "x"),
                              fmt::join(shape, "x")));
    auto values = file.values(name);
    if (values.empty()) fail(where, fmt::format("has {} as {}; store it as F32", name, entry.dtype));
    for (const double v : values)
      if (!std::isfinite(v)) fail(where, fmt::format("holds NaN or infinity in {}", name));
    return values;
  };
  std::vector<FeatureNetwork::Stage> stages;
  std::int64_t channels = 3;
  int index = 0;  // in torchvision's list, where convolution, ReLU and pool count one each
  for (int block = 0; block < 5; ++block) {
    for (int i = 0; i < kVggBlocks[block]; ++i, index += 2) {
      const std::string name = fmt::format("features.{}", index);
      const auto& bias = find(name + ".bias").shape;
      const std::int64_t width = bias.size() == 1 ? bias[0] : 64;
      const Shape shape{width, 3, 3, channels};
      const auto w = take(name + ".weight", {width, channels, 3, 3});
      stages.push_back({fmt::format("{}_{}", block + 1, i + 1), block > 0 && i == 0,
                        Tensor::from(from_torch(w, shape, {TorchLayout::Kind::conv}), shape, dtype, device),
                        Tensor::from(take(name + ".bias", {width}), Shape::vector(width), dtype, device)});
      channels = width;
    }
    ++index;
  }
  const auto [w, bias] = vgg_input(input);
  return {"vgg19", Tensor::from(w, {3, 1, 1, 3}, dtype, device),
          Tensor::from(bias, Shape::vector(3), dtype, device), std::move(stages)};
}

}  // namespace

fs::path own_features_path() {
  if (const char* given = std::getenv("SUMI_FEATURES"); given && *given) return given;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places{program / "../share/sumi"};
  for (fs::path up = program; up.has_relative_path(); up = up.parent_path())
    places.push_back(up / "models/data");
  for (const fs::path& place : places)
    if (fs::exists(place / "features.safetensors", error)) return place / "features.safetensors";
  fail("features",
       "sumi's own feature network was not found beside the program; set SUMI_FEATURES to its file "
       "features.safetensors, or train one with sumi train features");
}

FeatureNetwork load_features(const std::string& name, DType dtype, const Device& device, VggInput input) {
  std::error_code error;
  const bool own = name.empty() || name == "own";
  if (!own && !fs::exists(name, error))
    fail("--features", fmt::format("{} does not exist; give own, a run of sumi train features, or VGG19's weights "
                                   "as safetensors",
                                   name));
  const fs::path path = own ? own_features_path() : resolve_checkpoint(name);
  if (SafetensorsFile::open(path).metadata().contains("sumi.model")) return own_network(path, dtype, device);
  return vgg19(path, dtype, device, input);
}

}  // namespace sumi
