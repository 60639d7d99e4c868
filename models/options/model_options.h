// Settings of the stylizer.
#pragma once

#include <string>

namespace sumi {

class OptionTable;

struct StylizerOptions {
  std::string styles;  // NAME=TEACHER, commas between them: style_sources() (models/options/comic_styles.h)

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
