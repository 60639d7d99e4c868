// Inception v3 (Szegedy 2015) without its classifier, with weights that the user supplies.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/inference/feature_network.h"

namespace sumi {

// Layers "Mixed_5d" (288 channels), "Mixed_6e" (768) and "Mixed_7c" (2048, whose means are the descriptor) of pictures that are first made
// 299x299, bilinear with half-pixel centers and no filter before it, as FID does. [-1,1] goes in as it is: torchvision's transform_input
// turns its own normalized pictures back into just that.
//
// The file is a safetensors state_dict of torchvision's inception_v3: NAME.conv.weight and NAME.bn.weight, .bias, .running_mean and
// .running_var of 94 convolutions, from Conv2d_1a_3x3 to Mixed_7c.branch_pool. Other tensors (AuxLogits, fc) are not read.
FeatureNetwork load_inception(const std::filesystem::path& path, DType dtype, const Device& device,
                              InceptionPools pools);

// The 94 convolutions: their names in the file and the shapes of their weights there, [out, in, h, w].
struct InceptionConv {
  std::string name;
  std::vector<std::int64_t> shape;
};
std::vector<InceptionConv> inception_convolutions();

}  // namespace sumi
