// Options of CycleGAN.
#pragma once

namespace sumi {

class OptionTable;

struct CycleGanOptions {
  double lambda_a = 10, lambda_b = 10, lambda_identity = 0.5;
  int pool_size = 50;  // images

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
