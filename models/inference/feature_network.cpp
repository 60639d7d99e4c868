#include "models/inference/feature_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "engine/runtime/trace.h"

namespace sumi {

FeatureNetwork::FeatureNetwork(std::string name, std::vector<std::string> layers, DType dtype,
                               Forward forward)
    : name_(std::move(name)), layers_(std::move(layers)), dtype_(dtype), forward_(std::move(forward)) {}

std::vector<double> ClassHead::logits(const std::vector<double>& descriptors) const {
  const std::size_t size = classes() == 0 ? 0 : weight.size() / classes();
  std::vector<double> all;
  for (std::size_t row = 0; size > 0 && row < descriptors.size(); row += size)
    for (std::size_t c = 0; c < classes(); ++c) {
      double sum = bias[c];
      for (std::size_t k = 0; k < size; ++k) sum += weight[c * size + k] * descriptors[row + k];
      all.push_back(sum);
    }
  return all;
}

std::vector<Tensor> FeatureNetwork::operator()(const Tensor& pictures,
                                               const std::vector<std::string>& wanted) const {
  const ModuleScope scope("features");
  std::map<std::string, Tensor> maps;
  for (const auto& layer : wanted) {
    if (std::find(layers_.begin(), layers_.end(), layer) == layers_.end())
      fail("features " + name_,
           fmt::format("has no layer '{}'; use one of: {}", layer, fmt::join(layers_, ", ")));
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

}  // namespace sumi
