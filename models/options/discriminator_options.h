// Settings of adversarial training.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

// Models with a discriminator. 0 and "" mean off.
struct DiscriminatorOptions {
  double lr_g = 0, lr_d = 0;  // 0: lr
  std::string gan_mode = "vanilla";
  int n_critic = 1;
  double lambda_gp = 0, r1 = 0, r2 = 0;
  int r1_interval = 16;
  double clip_weights = 0;
  bool spectral_norm = false;
  double label_smoothing = 0;
  std::string generator_target = "real";
  double instance_noise = 0;
  std::string diffaugment;
  double feature_matching = 0;
  int minibatch_discrimination = 0;
  double historical_averaging = 0;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
