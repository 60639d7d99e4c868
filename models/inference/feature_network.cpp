#include "models/inference/feature_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "engine/runtime/device.h"
#include "engine/serialize/safetensors.h"
#include "engine/serialize/torch_layout.h"
#include "models/inference/feature_backbone.h"
#include "models/inference/pretrained_weights.h"
#include "models/model.h"
#include "models/registry.h"
#include "models/training/checkpoint_metadata.h"

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

// `input_w` [c,1,1,3] and `input_bias` [c], where there are any, make what the first stage wants of pictures in [-1,1].
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

FeatureNetwork::FeatureNetwork(std::string name, std::vector<std::string> layers, DType dtype,
                               Forward forward)
    : name_(std::move(name)), layers_(std::move(layers)), dtype_(dtype), forward_(std::move(forward)) {}

std::vector<Tensor> FeatureNetwork::operator()(const Tensor& pictures,
                                               const std::vector<std::string>& wanted) const {
  std::map<std::string, Tensor> maps;
  for (const auto& layer : wanted) {
    if (std::find(layers_.begin(), layers_.end(), layer) == layers_.end())
      fail("features " + name_,
           fmt::format("has no layer '{}'; there are: {}", layer, fmt::join(layers_, ", ")));
    maps[layer];
  }
  std::size_t missing = maps.size();
  if (missing > 0)
    forward_(cast(pictures.shape().c == 1 ? concat({pictures, pictures, pictures}, 3) : pictures, dtype_),
             [&](const std::string& layer, const Tensor& map) {
               if (const auto found = maps.find(layer); found != maps.end()) {
                 found->second = cast(map, pictures.dtype());
                 --missing;
               }
               return missing > 0;
             });
  std::vector<Tensor> result;
  for (const auto& layer : wanted) result.push_back(maps.at(layer));
  return result;
}

Tensor FeatureNetwork::descriptor(const Tensor& pictures) const {
  const Tensor map = (*this)(pictures, {layers_.back()})[0];
  const Shape& s = map.shape();
  return sum_to(map, {s.n, 1, 1, s.c}, 1.0 / static_cast<double>(s.h * s.w));
}

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
    if (stages.empty() && channels == 1) {  // a gray picture comes as three equal channels
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

}  // namespace sumi
