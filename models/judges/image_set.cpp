#include "models/judges/image_set.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/autograd.h"

namespace sumi {
namespace {

constexpr std::size_t kSetBatch = 32;  // images in memory as floats at once

}  // namespace

ImageSet image_set(const Dataset& data, std::size_t most) {
  const auto all = static_cast<std::size_t>(data.count());
  const std::size_t count = most == 0 ? all : std::min(most, all);
  const auto at = [data, all, count](std::size_t i) {
    const auto item = static_cast<std::int64_t>(i * all / count);
    Image8 image(data.width(item), data.height(item), data.channels());
    std::copy_n(data.item(item), image.data.size(), image.data.begin());
    return image;
  };
  return {count, data.width(0), data.channels(), at};
}

ImageSet image_set(std::vector<Image8> images, int side) {
  for (Image8& image : images)
    if (image.width != side || image.height != side) image = square_image(image, side);
  const int channels = images.empty() ? 3 : images.front().channels;
  const std::size_t count = images.size();
  const auto kept = std::make_shared<const std::vector<Image8>>(std::move(images));
  return {count, side, channels, [kept](std::size_t i) { return kept->at(i); }};
}

ImageSet resized(const ImageSet& set, int side) {
  if (set.side == side) return set;
  return {set.count, side, set.channels,
          [set, side](std::size_t i) { return resize_image(set.at(i), side, side); }};
}

Tensor to_tensor(const ImageSet& set, std::size_t first, std::size_t count, const Device& device) {
  std::vector<float> levels;
  for (std::size_t i = first; i < first + count; ++i)
    for (const std::uint8_t v : set.at(i).data) levels.push_back(static_cast<float>(v) / 127.5F - 1.0F);
  return Tensor::from(levels, {static_cast<std::int64_t>(count), set.side, set.side, set.channels},
                      DType::f32, device);
}

SetFeatures features_of(const ImageSet& set, const FeatureNetwork& network, const Device& device) {
  const NoGrad no_grad;
  SetFeatures all;
  for (std::size_t first = 0; first < set.count; first += kSetBatch) {
    const std::size_t n = std::min(kSetBatch, set.count - first);
    const Tensor rows = network.descriptor(to_tensor(set, first, n, device));
    all.descriptors.size = static_cast<std::size_t>(rows.shape().c);
    for (const double v : rows.to_vector<double>()) all.descriptors.values.push_back(v);
  }
  if (network.class_head()) {
    all.logits = network.class_head()->logits(all.descriptors.values);
    all.classes = network.class_head()->classes();
  }
  return all;
}

}  // namespace sumi
