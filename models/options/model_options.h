// Settings of one model each.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

struct InfoGanOptions {
  int categories = 0, continuous = 0;
  double lambda_info = 1;

  static void add_rows(OptionTable& table);
};

struct VaeOptions {
  std::string likelihood = "bernoulli";
  double sigma = 0.1, kl_weight = 1;

  static void add_rows(OptionTable& table);
};

struct CycleGanOptions {
  double lambda_a = 10, lambda_b = 10, lambda_identity = 0.5;
  int pool_size = 50;

  static void add_rows(OptionTable& table);
};

struct Pix2PixOptions {
  double lambda_l1 = 100;

  static void add_rows(OptionTable& table);
};

struct PhotoConverterOptions {
  double lambda_autoencoder = 10;

  static void add_rows(OptionTable& table);
};

// AnimeGAN and CartoonGAN. A weight of -1 is that of the preset.
struct AnimeOptions {
  std::string net_d, feature_network = "builtin";
  std::string style_preset = "hayao";
  double lambda_adv = -1, lambda_content = -1, lambda_style = -1, lambda_color = -1, lambda_tv = -1;
  double init_epochs = 10, init_lr = 2e-4;

  static void add_rows(OptionTable& table);
};

// gan-reshape and gan-conv: what their rows say beyond those of the shared groups.
struct GanReshapeOptions {
  static void add_rows(OptionTable& table);
};
struct GanConvOptions {
  static void add_rows(OptionTable& table);
};

struct ClassifierOptions {
  int width = 16;     // channels of the first layers
  int val_every = 0;  // one of so many images is held out for validation; 0: none

  static void add_rows(OptionTable& table);
};

struct StylizerOptions {
  std::string styles;  // NAME=TEACHER, commas between them: style_sources() (models/options/comic_styles.h)
  std::string add_style;  // the same, of those that were added to a checkpoint's; the last one is learned

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
