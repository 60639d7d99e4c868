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

}  // namespace sumi
