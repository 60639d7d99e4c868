// Options of AnimeGAN and CartoonGAN.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

// A weight of -1 selects the preset's.
struct AnimeOptions {
  std::string net_d, feature_network = "builtin";
  std::string style_preset = "hayao";
  double lambda_adv = -1, lambda_content = -1, lambda_style = -1, lambda_color = -1, lambda_tv = -1;
  double init_epochs = 10, init_lr = 2e-4;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
