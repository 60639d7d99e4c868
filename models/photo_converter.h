// Options of the photo converter.
#pragma once

namespace sumi {

class OptionTable;

struct PhotoConverterOptions {
  double lambda_autoencoder = 10;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
