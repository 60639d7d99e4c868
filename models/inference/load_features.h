// Feature networks from files.
#pragma once

#include <filesystem>
#include <string>

#include "engine/nn.h"
#include "models/inference/feature_network.h"

namespace sumi {

// A network that computes in this dtype on this device, for pictures of any:
//   "builtin" or ""    the one that comes with sumi (own_features_path())
//   a path           a checkpoint or run of `sumi train classifier`; or a safetensors file of VGG19 in torchvision's names,
//                    features.0.weight [64,3,3,3] and .bias to features.34, of any widths that fit each other; or one of
//                    Inception v3 (models/inference/inception.h). Which it is, the tensors' names say.
// sumi's own and VGG19 are convolutions 3x3 with ReLU and 2x2 max pools in a row. Their layers are "conv1_1", before its ReLU, "relu1_1"
// behind it, and so on: blockwise up to conv4_1 for sumi's own network and to conv5_4 for VGG19.
// Errors "[features ...]" name what is missing or of a wrong shape.
FeatureNetwork load_features(const std::string& name_or_path, DType dtype, const Device& device,
                             VggInput input = VggInput::torch, InceptionPools pools = InceptionPools::torch);

// Whether load_features() would make a network of sumi's own training of it, and not VGG19 or Inception v3. Errors as
// load_features().
bool is_own_network(const std::string& name_or_path);

// sumi's own from a trunk as it stands: batch norms are folded into the convolutions.
FeatureNetwork freeze_trunk(const Module& trunk, std::int64_t channels, DType dtype, const Device& device);

// $SUMI_FEATURES, or features.safetensors where sumi was installed (share/sumi) or built (models/data). Error when there is none.
std::filesystem::path own_features_path();

}  // namespace sumi
