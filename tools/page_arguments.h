// The command line of sumi comic.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/page/plan.h"
#include "engine/video/clip.h"
#include "tools/convert_options.h"

namespace sumi::cli {

struct PageArguments {
  CLI::App* app = nullptr;
  std::vector<std::string> inputs;
  std::string output, text;
  std::string paper = "a4", font = "Comic Neue,DejaVu Sans", language;
  std::string margin = "8", gutter = "4", border = "0.6", font_size = "10", halftone = "0";
  std::string frame_rate = "25", title, start = "0", end;
  std::int64_t dpi = 200, per_page = 0, frames = -1, quality = 95;
  bool right_to_left = false, vertical = false, bold = true, dry_run = false;
  ConvertArguments drawing;  // style or model, machine, verbosity

  // In their final form, by check(). Lengths are in pixels.
  page::PageGeometry geometry;
  page::LetteringStyle lettering;
  page::PageLook look;
  double dots = 0;     // pitch of the screen; 0: none
  double seconds = 0;  // from frame to frame of a folder
  bool pdf = false;
  bool of_clip = false;      // the input is a clip
  video::ReadOptions range;  // of it

  void add_options(CLI::App& command);
  // Brings the values into their final form. Throws UsageError for what is missing or out of range.
  void check();
  // The part of check() about clips.
  void check_clip();
  // The file of a page, from 0: "page.png", or "page-1.png" if there are several.
  std::filesystem::path page_file(int page, int pages) const;
};

}  // namespace sumi::cli
