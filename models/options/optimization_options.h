// Settings of optimization: initialization, run length, optimizer, learning rate.
#pragma once

#include <cstdint>
#include <string>

namespace sumi {

class OptionTable;

// Every model.
struct OptimizationOptions {
  std::string init_type = "normal";
  double init_gain = 0.02;
  std::string init;  // a checkpoint whose weights to start from
  int batch_size = 64;
  std::int64_t steps = 0;  // of the whole run; 0: `epochs` and `epochs_decay` give the length
  double epochs = 25, epochs_decay = 0;
  std::string optimizer = "adam";
  double lr = 2e-4;
  double beta1 = 0.5, beta2 = 0.999, weight_decay = 0;
  std::string lr_policy = "constant";
  double clip_grad_norm = 0, ema = 0;  // 0: off
  int accumulate = 1;
  std::string freeze;
  bool overfit_one_batch = false;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
