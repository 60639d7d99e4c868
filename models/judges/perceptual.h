// Perceptual distance of image pairs on a feature network.
#pragma once

#include <string>
#include <vector>

#include "models/inference/feature_network.h"
#include "models/judges/image_set.h"

namespace sumi {

// The last map of each resolution: relu1_2, relu2_2, ... of sumi's own network and VGG19; all
// layers of Inception v3.
std::vector<std::string> perceptual_layers(const FeatureNetwork& network);

// For each pair of images a[i], b[i] of tensors [n,h,w,c] in [-1,1]: the squared distance of the
// maps' channel vectors, each divided by its length, averaged over the pixels and summed over the
// layers. LPIPS (Zhang 2018) without its learned weights, so it is not called that.
std::vector<double> perceptual_distances(const FeatureNetwork& network, const Tensor& a, const Tensor& b);

// The distance of images i of both sets, for all i below the smaller count.
std::vector<double> perceptual_distances(const FeatureNetwork& network, const ImageSet& a, const ImageSet& b,
                                         const Device& device);
// Mean perceptual distance of `pairs` random pairs of different images of the set; 0 for one image.
double perceptual_diversity(const FeatureNetwork& network, const ImageSet& set, std::size_t pairs,
                            std::uint64_t seed, const Device& device);

}  // namespace sumi
