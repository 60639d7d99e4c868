// Inception v3 (Szegedy 2015) without its classifier, with weights supplied by the user.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/inference/feature_network.h"

namespace sumi {

// Layers "Mixed_5d" (288 channels), "Mixed_6e" (768) and "Mixed_7c" (2048, whose means are the
// descriptor). Images are first resized to 299x299, bilinear with half-pixel centers and without
// antialiasing, as for FID. The input range is [-1,1]: torchvision's transform_input maps its own
// normalized images to exactly that.
//
// The file is a safetensors state_dict of torchvision's inception_v3: NAME.conv.weight and
// NAME.bn.weight, .bias, .running_mean and .running_var of 94 convolutions, from Conv2d_1a_3x3 to
// Mixed_7c.branch_pool. fc.weight [classes, 2048], if present, becomes the class head, with fc.bias
// for pools of torchvision's; the weights of FID have 1008 classes and no bias, as the Inception
// score was computed. Other tensors (AuxLogits) are ignored. The network's name is "inception",
// or "inception-fid" with that rule for pools.
FeatureNetwork load_inception(const std::filesystem::path& path, DType dtype, const Device& device,
                              InceptionPools pools);

// The rule that belongs to a file by the size of its classifier: `fid` for 1008 classes, which only
// the weights of FID have, else `torch`.
InceptionPools inception_pools(const std::filesystem::path& path);

// The 94 convolutions: their names and weight shapes [out, in, h, w] in the file.
struct InceptionConv {
  std::string name;
  std::vector<std::int64_t> shape;
};
std::vector<InceptionConv> inception_convolutions();

}  // namespace sumi
