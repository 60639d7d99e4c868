// Sets of square images of one size, and their descriptors.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/image/image.h"
#include "models/inference/feature_network.h"
#include "models/judges/frechet.h"

namespace sumi {

// `count` images of `side` x `side` with 1 or 3 channels, made on request.
struct ImageSet {
  std::size_t count = 0;
  int side = 0, channels = 3;
  std::function<Image8(std::size_t)> at;
};

// The images of a data set of 8 bits, which lives as long as the copy in the result. At most `most`
// of them, at even distances; 0: all.
ImageSet image_set(const Dataset& data, std::size_t most);
// The images, cut to squares and resized to `side`. All have 1 or all have 3 channels.
ImageSet image_set(std::vector<Image8> images, int side);

// The same images resized to `side`.
ImageSet resized(const ImageSet& set, int side);

// Images first to first + count - 1 as [count,side,side,channels] in [-1,1], f32.
Tensor to_tensor(const ImageSet& set, std::size_t first, std::size_t count, const Device& device);

struct SetFeatures {
  Descriptors descriptors;
  // Rows of class logits, if the network has a class head.
  std::vector<double> logits;
  std::size_t classes = 0;
};
SetFeatures features_of(const ImageSet& set, const FeatureNetwork& network, const Device& device);

}  // namespace sumi
