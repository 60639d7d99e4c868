// Feature maps of pictures from a trained and frozen network: what content, Gram and perceptual losses and Frechet distances look at.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/nn.h"

namespace sumi {

// How pictures in [-1,1] become what VGG was trained on: `torch` (x / 2 + 1/2 - mean) / std in RGB, as torchvision's weights want
// it; `caffe` BGR in 0 to 255 less its mean, as the converted original weights of the anime GANs do.
enum class VggInput { torch, caffe };

// Convolutions 3x3 with ReLU and 2x2 max pools in a row. Layers are "conv1_1", before its ReLU, "relu1_1" behind it, and so on: blockwise
// up to conv4_1 for sumi's own network and to conv5_4 for VGG19. A copy shares the weights, which never ask for gradients; those of the
// maps flow to the pictures.
class FeatureNetwork {
 public:
  struct Stage {
    std::string name;  // "1_1"
    bool pool_before;
    Tensor w, bias;  // [k,3,3,c], [k]
  };
  // `input` [c,1,1,3] and [c] make what the first stage wants of pictures in [-1,1].
  FeatureNetwork(std::string name, Tensor input_w, Tensor input_bias, std::vector<Stage> stages);

  // "sumi" or "vgg19": figures made with it are to say so. A Frechet distance on sumi's own features is no FID.
  const std::string& name() const { return name_; }
  std::vector<std::string> layers() const;

  // The maps [n,h',w',c'] of `layers`, in that order, of pictures [n,h,w,3] or grey [n,h,w,1] in [-1,1]. Runs no further than the last of
  // them. Error naming the layers there are for an unknown one.
  std::vector<Tensor> operator()(const Tensor& pictures, const std::vector<std::string>& layers) const;
  // One vector for each picture, [n,1,1,c]: the mean over the places of the last layer.
  Tensor descriptor(const Tensor& pictures) const;

 private:
  std::string name_;
  Tensor input_w_, input_bias_;
  std::vector<Stage> stages_;
};

// A network for pictures of this dtype on this device:
//   "own" or ""      the one that comes with sumi (own_features_path())
//   a path           a checkpoint or run of `sumi train features`; or a safetensors file of VGG19 in torchvision's names,
//                    features.0.weight [64,3,3,3] and .bias to features.34, of any widths that fit each other
// Errors "[features ...]" name what is missing or of a wrong shape. Inception networks are not known.
FeatureNetwork load_features(const std::string& name_or_path, DType dtype, const Device& device,
                             VggInput input = VggInput::torch);

// The same from a trunk as it stands: batch norms are folded into the convolutions.
FeatureNetwork freeze_trunk(const Module& trunk, std::int64_t channels, DType dtype, const Device& device);

// $SUMI_FEATURES, or features.safetensors where sumi was installed (share/sumi) or built (models/data). Error when there is none.
std::filesystem::path own_features_path();

}  // namespace sumi
