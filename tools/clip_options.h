// The options of sumi convert for clips.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/video/clip.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

struct ClipArguments {
  std::string start = "0", end, fps, codec = "auto", temporal;
  std::int64_t crf = -1, preview = 0;
  bool no_audio = false;
  video::ReadOptions range;     // of start, end and fps
  std::optional<double> share;  // of temporal; none: the style's own

  void add_options(CLI::App& command);
  // Brings the values into their final form. UsageError for what is out of range.
  void check(const CLI::App* app);
  // UsageError where one was given: for images.
  void refuse(const CLI::App* app) const;
};

// "90", "1:30" or "0:01:30.5" in seconds. UsageError.
double parse_time(const CLI::App* app, const std::string& option, const std::string& text);

}  // namespace sumi::cli
