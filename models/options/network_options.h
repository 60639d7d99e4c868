// Settings of the networks that several models share.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

// Models with a generator or decoder.
struct GeneratorOptions {
  int ngf = 64, ndf = 64;

  static void add_rows(OptionTable& table);
};

// Models whose generator upsamples.
struct UpsamplingOptions {
  std::string upsample = "transpose";

  static void add_rows(OptionTable& table);
};

// Models that come in several variants; each declares the row with its own choices.
struct VariantOptions {
  std::string variant;
};

// Models that are built on the feature backbone (models/inference/feature_backbone.h).
struct BackboneOptions {
  int width = 16;  // channels of the first layers

  static void add_rows(OptionTable& table);
};

// Models with Keras's batch norm.
struct BatchNormOptions {
  double bn_momentum = 0.9;  // share of the running statistics that is kept at each step

  static void add_rows(OptionTable& table);
};

// Models that generate from a noise vector.
struct NoiseOptions {
  int nz = 100;

  static void add_rows(OptionTable& table);
};

// GANs that generate from a noise vector: also the rows of NoiseOptions and LabelOptions.
struct LatentOptions {
  bool conditional = false, resample_noise = false;
  double mode_seeking = 0;
  std::string latent = "normal";

  static void add_rows(OptionTable& table);
};

// GANs from noise whose generator has batch norm.
struct VirtualBatchNormOptions {
  bool virtual_batch_norm = false;

  static void add_rows(OptionTable& table);
};

// Models that translate images; each declares the rows with its own generators.
struct TranslatorOptions {
  std::string net_g = "resnet_9blocks";
  int n_blocks = 0;  // 0: as net_g names them
};

// CycleGAN and pix2pix: ResNet or U-Net generators and a patch discriminator.
struct PatchOptions {
  std::string norm = "instance";
  int n_layers_d = 3;
  bool no_dropout = true;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
