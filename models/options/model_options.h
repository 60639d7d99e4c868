// Settings of one model each.
#pragma once

#include <string>

namespace sumi {

struct InfoGanOptions {
  int categories = 0, continuous = 0;
  double lambda_info = 1;
};

struct VaeOptions {
  std::string likelihood = "bernoulli";
  double sigma = 0.1, kl_weight = 1;
};

struct CycleGanOptions {
  double lambda_a = 10, lambda_b = 10, lambda_identity = 0.5;
  int pool_size = 50;
};

struct Pix2PixOptions {
  double lambda_l1 = 100;
};

struct PhotoConverterOptions {
  double lambda_autoencoder = 10;
};

// AnimeGAN and CartoonGAN. A weight of -1 is that of the preset.
struct AnimeOptions {
  std::string net_d, feature_network = "own";
  std::string style_preset = "hayao";
  double lambda_adv = -1, lambda_content = -1, lambda_style = -1, lambda_color = -1, lambda_tv = -1;
  double init_epochs = 10, init_lr = 2e-4;
};

struct ClassifierOptions {
  int width = 16;     // channels of the first layers
  int val_every = 0;  // one of so many images is held out for validation; 0: none
};

struct StylizerOptions {
  std::string styles;  // NAME=TEACHER, commas between them: style_sources() (models/options/comic_styles.h)
};

}  // namespace sumi
