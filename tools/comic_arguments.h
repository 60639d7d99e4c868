// Options of sumi convert for a stylizer's checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include "tools/cli/cli.h"

namespace sumi::cli {

struct ComicArguments {
  std::string levels = "auto";
  std::string scale = "auto";
  std::string layer = "drawing";
  int steps = -1;      // of lightness; -1: the style's own
  int short_side = 0;  // 0: auto

  void add_options(CLI::App& command);
  // Converts the values to their final form. Throws UsageError for values out of range.
  void check(const CLI::App* app);
  // Throws UsageError if one of them was given: for a style without a model, and for a model other
  // than a stylizer.
  void refuse(const CLI::App* app) const;
};

}  // namespace sumi::cli
