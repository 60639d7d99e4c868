// Options of pix2pix.
#pragma once

namespace sumi {

class OptionTable;

struct Pix2PixOptions {
  double lambda_l1 = 100;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
