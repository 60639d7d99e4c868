// Feature maps of pictures from a trained and frozen network: what content, Gram and perceptual losses and Frechet distances look at.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/nn.h"
#include "engine/serialize/checkpoint.h"

namespace sumi {

// How pictures in [-1,1] become what VGG was trained on: `torch` (x / 2 + 1/2 - mean) / std in RGB, as torchvision's weights want
// it; `caffe` BGR in 0 to 255 less its mean, as the converted original weights of the anime GANs do.
enum class VggInput { torch, caffe };

// How the 3x3 pools of stride 1 in an Inception v3 take the border, which is a matter of the weights: `torch` means that count the zeros
// around the map, as torchvision's weights want it; `fid` means of what lies inside, and in Mixed_7c the greatest instead of the
// mean, as the weights that FID is defined by want it.
enum class InceptionPools { torch, fid };

// Layers by name, computed one after the other. A copy shares the weights, which never ask for gradients; those of the maps flow to
// the pictures.
class FeatureNetwork {
 public:
  // Told each layer's map, in the order of computation; false says that no more is wanted.
  using Seen = std::function<bool(const std::string& layer, const Tensor& map)>;
  // Runs pictures [n,h,w,3] in [-1,1] through the layers.
  using Forward = std::function<void(const Tensor& pictures, const Seen& seen)>;
  // `layers`: those that may be asked for, in order; `forward` may tell of others between them.
  // `dtype`: of what `forward` is given and tells of; whoever asks gets maps of the pictures' dtype.
  FeatureNetwork(std::string name, std::vector<std::string> layers, DType dtype, Forward forward);

  // "sumi", "vgg19" or "inception": figures made with it are to say so. A Frechet distance on sumi's own features is no FID.
  const std::string& name() const { return name_; }
  const std::vector<std::string>& layers() const { return layers_; }

  // The maps [n,h',w',c'] of `layers`, in that order, of pictures [n,h,w,3] or gray [n,h,w,1] in [-1,1]. Runs no further than the last of
  // them. Error naming the layers there are for an unknown one.
  std::vector<Tensor> operator()(const Tensor& pictures, const std::vector<std::string>& layers) const;
  // One vector for each picture, [n,1,1,c]: the mean over the places of the last layer.
  Tensor descriptor(const Tensor& pictures) const;

 private:
  std::string name_;
  std::vector<std::string> layers_;
  DType dtype_;
  Forward forward_;
};

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
