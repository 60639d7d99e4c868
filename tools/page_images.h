// The images of a comic: which ones, how they look, and each one drawn for its panel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/page/key_frames.h"
#include "engine/page/plan.h"
#include "tools/convert_filter.h"
#include "tools/page_arguments.h"

namespace sumi::cli {

// An image of the sequence.
struct ComicImage {
  std::filesystem::path file;
  page::Subject subject;
  page::FrameLook look;
};

// Files as given; a folder's images in the order of the numbers in their names. Pages of an earlier
// call ("page.png", "page-2.png") are left out of folders. Throws Error for a path that does not
// exist and for a folder without images; `warn` receives what is skipped.
std::vector<std::filesystem::path> comic_files(const PageArguments& args,
                                               const std::function<void(const std::string&)>& warn);

// Reads an image and finds its faces; with `faces` false it has none. `time`: seconds.
ComicImage look_at(const std::filesystem::path& file, bool faces, double time,
                   const std::function<void(const std::string&)>& warn);

// The crop of an image drawn by `filter` at the size of its panel: [height, width, 3].
std::vector<std::uint8_t> draw_panel(const std::filesystem::path& file, const page::PlannedPanel& panel,
                                     const PhotoFilter& filter, double dots);

}  // namespace sumi::cli
