// Settings of the networks that several models share.
#pragma once

#include <string>

namespace sumi {

// Models with a generator or decoder.
struct GeneratorOptions {
  int ngf = 64, ndf = 64;
};

// Models whose generator upsamples.
struct UpsamplingOptions {
  std::string upsample = "transpose";
};

// Models that come in several variants.
struct VariantOptions {
  std::string variant;
};

// Models with the batch norm of Keras.
struct BatchNormOptions {
  double bn_momentum = 0.9;  // share of the running statistics that is kept at each step
};

// Models that generate from a noise vector.
struct NoiseOptions {
  int nz = 100;
};

// GANs that generate from a noise vector.
struct LatentOptions {
  bool conditional = false, resample_noise = false;
  double mode_seeking = 0;
  std::string latent = "normal";
};

// GANs from noise whose generator has batch norm.
struct VirtualBatchNormOptions {
  bool virtual_batch_norm = false;
};

// Models that translate images.
struct TranslatorOptions {
  std::string net_g = "resnet_9blocks";
  int n_blocks = 0;  // 0: as net_g names them
};

// Translators with the networks of CycleGAN and pix2pix.
struct PatchOptions {
  std::string norm = "instance";
  int n_layers_d = 3;
  bool no_dropout = true;
};

}  // namespace sumi
