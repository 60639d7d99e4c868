// Settings of the stylizer.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

struct StylizerOptions {
  std::string styles;  // NAME=TEACHER, commas between them: style_sources() (models/options/comic_styles.h)
  std::string add_style;    // the same, of those that were added to a checkpoint's; the last one is learned
  std::string drawings;     // folder of drawings whose strokes a discriminator of lines takes for real
  double lambda_adv = 0.1;  // weight of its loss
  int hands = 1;            // that draw lines in turn

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
