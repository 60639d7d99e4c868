// Options of the variational autoencoder.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

struct VaeOptions {
  std::string likelihood = "bernoulli";
  double sigma = 0.1, kl_weight = 1;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
