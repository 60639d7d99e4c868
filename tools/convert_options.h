// The command line of sumi convert.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/cli/cli.h"
#include "tools/cli/runtime_options.h"
#include "tools/cli/training_session.h"
#include "tools/clip_options.h"
#include "tools/comic_arguments.h"
#include "tools/convert_jobs.h"
#include "tools/style_options.h"

namespace sumi::cli {

struct ConvertArguments {
  CLI::App* app = nullptr;
  ConvertRequest request;
  std::string model, direction, mask, gpu, compare, memory = "0";
  std::int64_t quality = 95, max_size = 0;
  std::uint64_t max_memory = 0;  // bytes; 0: available memory
  bool raw = false, strip = false, dry_run = false;
  bool recursive = false, overwrite = false;  // the default behavior
  StyleArguments style;
  ComicArguments comic;
  ClipArguments clip;
  RuntimeOptions machine;
  Output screen;

  void add_options(CLI::App& parent_command);
  // Converts the values to their final form. Throws UsageError for values that are missing or
  // invalid.
  void check();
  // Selects the model's first direction if none was given. Throws UsageError for an unknown
  // direction. A model without directions is reported elsewhere.
  void choose_direction(const std::vector<std::string>& known);
};

}  // namespace sumi::cli
