#include "tools/page_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <utility>

#include "engine/data/find_images.h"
#include "engine/error.h"
#include "engine/image/faces/faces.h"
#include "engine/image/photo_edits.h"
#include "engine/natural_order.h"
#include "engine/page/dots.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

// "page.png" or "page-12.png" of the output "page.png", beside it.
bool is_page(const fs::path& file, const fs::path& output) {
  std::error_code ec;
  const fs::path folder = file.parent_path(),
                 own = output.has_parent_path() ? output.parent_path() : fs::path(".");
  if (file.extension() != output.extension() || !fs::equivalent(folder, own, ec)) return false;
  const std::string stem = file.stem().string(), start = output.stem().string();
  if (stem == start) return true;
  if (!stem.starts_with(start + "-")) return false;
  return std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(start.size()) + 1, stem.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

stylize::RgbView view_of(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

// Pixels [x, x + width) x [y, y + height), without transparency.
Photo cut(const Photo& photo, int x, int y, int width, int height) {
  Photo part;
  part.width = width;
  part.height = height;
  part.depth = photo.depth;
  part.rgb.reserve(3 * part.pixels());
  for (int row = y; row < y + height; ++row) {
    const auto* from = photo.rgb.data() +
                       3 * (static_cast<std::ptrdiff_t>(row) * photo.width + static_cast<std::ptrdiff_t>(x));
    part.rgb.insert(part.rgb.end(), from, from + 3 * static_cast<std::ptrdiff_t>(width));
  }
  return part;
}

}  // namespace

std::vector<fs::path> comic_files(const PageArguments& args,
                                  const std::function<void(const std::string&)>& warn) {
  std::vector<fs::path> files;
  for (const std::string& input : args.inputs) {
    std::error_code ec;
    if (!fs::exists(input, ec)) fail("picture " + input, "does not exist; check the path");
    if (!fs::is_directory(input, ec)) {
      files.emplace_back(input);
      continue;
    }
    std::vector<std::string> names = find_images(input, warn);
    std::sort(names.begin(), names.end(), natural_less);
    const std::size_t before = files.size();
    for (const std::string& name : names)
      if (!is_page(input / fs::path(name), args.output)) files.push_back(input / fs::path(name));
    if (files.size() == before) fail("folder " + input, "holds no images; check the path");
  }
  return files;
}

std::vector<faces::FaceBox> faces_in(const stylize::RgbView& photo) {
  std::vector<faces::FaceBox> found = faces::find_faces(photo);
  const std::vector<faces::FaceBox> cats = faces::find_cat_faces(photo);
  found.insert(found.end(), cats.begin(), cats.end());
  return found;
}

ComicImage look_at(const fs::path& file, bool faces, double time,
                   const std::function<void(const std::string&)>& warn) {
  const Photo photo = load_photo(file);
  if (!photo.remark.empty()) warn(fmt::format("warning: [picture {}] {}", file.string(), photo.remark));
  ComicImage image;
  image.file = file;
  image.name = file.string();
  image.subject =
      page::make_subject(view_of(photo), faces ? faces_in(view_of(photo)) : std::vector<faces::FaceBox>{});
  image.look = page::look_of(view_of(photo), image.subject, time);
  return image;
}

std::vector<std::uint8_t> draw_panel(const Photo& photo, const page::PlannedPanel& panel,
                                     const PanelLook& look) {
  const auto edge = [](double part, int size) {
    return std::clamp(static_cast<int>(std::lround(part * size)), 0, size);
  };
  int left = edge(panel.crop.x, photo.width), right = edge(panel.crop.right(), photo.width);
  int top = edge(panel.crop.y, photo.height), bottom = edge(panel.crop.bottom(), photo.height);
  left = std::min(left, photo.width - 1);
  top = std::min(top, photo.height - 1);
  right = std::max(right, left + 1);
  bottom = std::max(bottom, top + 1);
  const auto& box = panel.box;
  const Photo panel_photo =
      resize_photo(cut(photo, left, top, right - left, bottom - top), box.width, box.height);
  Photo result = look.filter.run(panel_photo, nullptr);
  if (result.width != box.width || result.height != box.height)
    result = resize_photo(result, box.width, box.height);
  blend_over(panel_photo, {}, look.strength, result);
  std::vector<std::uint8_t> rgb(result.rgb.size());
  std::transform(result.rgb.begin(), result.rgb.end(), rgb.begin(),
                 [](std::uint16_t level) { return static_cast<std::uint8_t>((level + 128) / 257); });
  if (look.dots > 0) page::lay_dots(rgb, box.width, box.height, box.x, box.y, look.dots);
  return rgb;
}

}  // namespace sumi::cli
