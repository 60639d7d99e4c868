// Feature maps of images from a trained and frozen network, for content, Gram and perceptual losses
// and Frechet distances.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn.h"
#include "engine/serialize/checkpoint.h"

namespace sumi {

// Conversion of images in [-1,1] to VGG's input: `torch` is (x / 2 + 1/2 - mean) / std in RGB, for
// torchvision's weights; `caffe` is BGR in 0 to 255 minus its mean, for the converted original
// weights that the anime GANs use.
enum class VggInput { torch, caffe };

// Border handling of Inception v3's 3x3 pools with stride 1, which depends on the weights: `torch`
// averages include the zero padding, for torchvision's weights; `fid` averages exclude it, and
// Mixed_7c uses maximum instead of average pooling, for the weights that define FID.
enum class InceptionPools { torch, fid };

// The linear map from descriptors to class logits, of networks whose file has one.
struct ClassHead {
  std::vector<double> weight;  // [classes, size], row by row
  std::vector<double> bias;    // [classes]

  std::size_t classes() const { return bias.size(); }
  // `descriptors`: rows of `size` values. Returns rows of classes() logits.
  std::vector<double> logits(const std::vector<double>& descriptors) const;
};

// Layers by name, computed in order. Copies share the weights, which have no gradients; gradients
// flow to the images.
class FeatureNetwork {
 public:
  // Called with each layer's feature map in order; returns false to stop early.
  using Seen = std::function<bool(const std::string& layer, const Tensor& map)>;
  // Runs images [n,h,w,3] in [-1,1] through the layers.
  using Forward = std::function<void(const Tensor& pictures, const Seen& seen)>;
  // `layers`: available layers in order; `forward` may also report layers between them. `dtype`: of
  // the input and output of `forward`; callers get maps in the dtype of the images.
  FeatureNetwork(std::string name, std::vector<std::string> layers, DType dtype, Forward forward);

  // "sumi", "vgg19", "inception" or "inception-fid", to be reported with every figure made with it.
  // A Frechet distance on sumi's own features is not an FID.
  const std::string& name() const { return name_; }
  const std::vector<std::string>& layers() const { return layers_; }
  // Set for a classifier of sumi's (its first data set) and for an Inception v3 with its
  // classifier.
  const std::optional<ClassHead>& class_head() const { return class_head_; }
  void set_class_head(ClassHead head) { class_head_ = std::move(head); }

  // The maps [n,h',w',c'] of `layers`, in that order, for images [n,h,w,3] or gray [n,h,w,1] in
  // [-1,1]. Stops after the last of them. Throws Error listing the available layers for an unknown
  // one.
  std::vector<Tensor> operator()(const Tensor& pictures, const std::vector<std::string>& layers) const;
  // One vector [n,1,1,c] for each image: the spatial mean of the last layer.
  Tensor descriptor(const Tensor& pictures) const;

 private:
  std::string name_;
  std::vector<std::string> layers_;
  DType dtype_;
  Forward forward_;
  std::optional<ClassHead> class_head_;
};

}  // namespace sumi
