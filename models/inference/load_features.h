// Feature networks from files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/nn.h"
#include "models/inference/feature_network.h"

namespace sumi {

// Loads a network that computes in this dtype on this device, for images of any dtype:
//   "builtin" or ""   the one that comes with sumi (own_features_path())
//   a path            a checkpoint or run of `sumi train classifier`; or a safetensors file of
//                     VGG19 with torchvision's names, features.0.weight [64,3,3,3] and .bias to
//                     features.34, of any consistent widths; or one of Inception v3
//                     (models/inference/inception.h). The tensor names decide which.
// sumi's own network and VGG19 are sequences of 3x3 convolutions with ReLU and 2x2 max pools. Their
// layers are "conv1_1", before its ReLU, "relu1_1" after it, and so on: up to conv4_1 for sumi's
// own network and conv5_4 for VGG19. Without `pools`, Inception's file decides
// (inception_pools()). Throws Error "[features ...] ..." naming a tensor that is
// missing or has a wrong shape.
FeatureNetwork load_features(const std::string& name_or_path, DType dtype, const Device& device,
                             VggInput input = VggInput::torch,
                             std::optional<InceptionPools> pools = InceptionPools::torch);

// Returns true if load_features() would load a network trained by sumi, and not VGG19 or Inception
// v3. Errors as load_features().
bool is_own_network(const std::string& name_or_path);

// Converts a backbone in its present state to a feature network: batch norms are folded into the
// convolutions.
FeatureNetwork freeze_trunk(const Module& trunk, std::int64_t channels, DType dtype, const Device& device);

// $SUMI_FEATURES, or features.safetensors of the installation (share/sumi) or of the build
// (models/data). Throws Error if there is none.
std::filesystem::path own_features_path();

}  // namespace sumi
