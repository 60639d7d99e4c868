#include "tools/comic_arguments.h"

#include <fmt/format.h>

namespace sumi::cli {
namespace {

constexpr std::int64_t kMostLevels = 24, kLeastSide = 32, kMostSide = 100'000;

}  // namespace

void ComicArguments::add_options(CLI::App& command) {
  add_whole(command, "--levels", levels, "N",
            "of a stylizer (-m comic): steps of lightness, 0 none, -1 as the style has them")
      ->group("Style");
  add_text(command, "--scale", scale, "auto|PX",
           "of a stylizer: short side at which it sees the picture; smaller is coarser (auto: up to 720, "
           "else 600)")
      ->group("Style");
  add_text(command, "--layer", layer, "NAME",
           "of a stylizer: drawing, or its flat color or its line alone (drawing)")
      ->group("Style");
}

void ComicArguments::check(const CLI::App* app) {
  const std::string command = command_name(app);
  if (levels < -1 || levels == 1 || levels > kMostLevels)
    throw UsageError(command,
                     fmt::format("--levels {} is out of range; give a number from 2 to {}, 0 for none, or -1",
                                 levels, kMostLevels));
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
  if (levels < 0 && scale == "auto" && layer == "drawing") return;
  throw UsageError(command_name(app), fmt::format("{} is of a stylizer; give one with -m, such as -m comic",
                                                  levels >= 0          ? "--levels"
                                                  : layer != "drawing" ? "--layer"
                                                                       : "--scale"));
}

}  // namespace sumi::cli
