// The options of sumi convert for a stylizer's checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include "tools/cli/cli.h"

namespace sumi::cli {

struct ComicArguments {
  std::string levels = "auto";
  std::string scale = "auto";
  std::string layer = "drawing";
  int steps = -1;      // of lightness; -1: as the style has them
  int short_side = 0;  // 0: auto

  void add_options(CLI::App& command);
  // Brings the values into their final form. UsageError for what is out of range.
  void check(const CLI::App* app);
  // UsageError where one was given: for a style without a model, and for a model that is no stylizer.
  void refuse(const CLI::App* app) const;
};

}  // namespace sumi::cli
