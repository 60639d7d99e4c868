#include "tools/comic_arguments.h"

#include <fmt/format.h>

namespace sumi::cli {
namespace {

constexpr std::int64_t kMostLevels = 24, kLeastSide = 32, kMostSide = 100'000;

}  // namespace

void ComicArguments::add_options(CLI::App& command) {
  add_text(command, "--levels", levels, "auto|N",
           "for a stylizer (-m comic): steps of lightness, 0: none (auto: the style's own)")
      ->group("Style");
  add_text(command, "--scale", scale, "auto|PX",
           "for a stylizer: shorter side at which it sees the image; smaller is bolder (auto: up to 720, "
           "else 600)")
      ->group("Style");
  add_text(command, "--layer", layer, "NAME",
           "drawing, or one of its planes as a stylizer learns them: flat (color) or line (drawing)")
      ->group("Style");
}

void ComicArguments::check(const CLI::App* app) {
  const std::string command = command_name(app);
  if (levels != "auto") {
    const std::int64_t count = parse_whole(app, "--levels", levels);
    if (count < 0 || count == 1 || count > kMostLevels)
      throw UsageError(
          command, fmt::format("--levels {} is out of range; give auto, 0, or a number from 2 to {}", levels,
                               kMostLevels));
    steps = static_cast<int>(count);
  }
  if (layer != "drawing" && layer != "flat" && layer != "line")
    throw UsageError(command, fmt::format("--layer {} is unknown; use drawing, flat or line", layer));
  if (scale == "auto") return;
  const std::int64_t side = parse_whole(app, "--scale", scale);
  if (side < kLeastSide || side > kMostSide)
    throw UsageError(command, fmt::format("--scale {} is out of range; give auto, or pixels from {} to {}",
                                          scale, kLeastSide, kMostSide));
  short_side = static_cast<int>(side);
}

void ComicArguments::refuse(const CLI::App* app) const {
  if (levels == "auto" && scale == "auto" && layer == "drawing") return;
  throw UsageError(command_name(app), fmt::format("{} is for stylizers; give one with -m, such as -m comic",
                                                  levels != "auto"     ? "--levels"
                                                  : layer != "drawing" ? "--layer"
                                                                       : "--scale"));
}

}  // namespace sumi::cli
