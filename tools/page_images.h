// The images of a comic: which ones, how they look, and each one drawn for its panel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/image/faces/face_box.h"
#include "engine/image/photo.h"
#include "engine/page/key_frames.h"
#include "engine/page/plan.h"
#include "tools/convert_filter.h"
#include "tools/page_arguments.h"

namespace sumi::cli {

// An image of the sequence: a file, or a frame of a clip.
struct ComicImage {
  std::filesystem::path file;
  std::string name;  // as it is shown: the file, or "clip.mp4 at 12.4 s"
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

// Faces of people and of cats, for the crops.
std::vector<faces::FaceBox> faces_in(const stylize::RgbView& photo);

// The look of a panel: the filter, its opacity over the photograph, and the pitch of the screen of
// dots in pixels (0: none).
struct PanelLook {
  const PhotoFilter& filter;
  double strength = 1, dots = 0;
};

// The crop of a photograph drawn at the size of its panel: [height, width, 3].
std::vector<std::uint8_t> draw_panel(const Photo& photo, const page::PlannedPanel& panel,
                                     const PanelLook& look);

}  // namespace sumi::cli
