// Options of InfoGAN.
#pragma once

namespace sumi {

class OptionTable;

struct InfoGanOptions {
  int categories = 0, continuous = 0;  // codes: values of the categorical one, number of continuous
  double lambda_info = 1;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
