#include "tools/comic_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/stylize/style.h"
#include "models/inference/comic_picture.h"
#include "models/options/comic_styles.h"
#include "models/stylizer.h"

namespace sumi::cli {
namespace {

constexpr double kMostLineStrength = 2;
// Seconds of one core for a pixel: of the network, and of what is composed around it at full size.
constexpr double kComicNetworkWork = 7e-7, kFinishWork = 2e-7;

// Of the style that has the most of the mixture.
stylize::ClipBlend comic_blend(const std::vector<std::string>& styles, const std::vector<double>& weights) {
  const auto most = std::max_element(weights.begin(), weights.end()) - weights.begin();
  for (const stylize::StyleInfo& info : stylize::styles())
    if (info.name == styles[static_cast<std::size_t>(most)]) return info.clip;
  return {};
}

}  // namespace

ComicOptions comic_options(const ConvertArguments& args, const Stylizer& model) {
  const std::vector<std::string>& styles = model.styles();
  const std::string command = command_name(args.app);
  const bool has_ink = std::find(styles.begin(), styles.end(), "ink") != styles.end();
  ComicOptions options;
  try {
    options.weights =
        style_mixture(args.style.name.empty() ? (has_ink ? "ink" : styles.front()) : args.style.name, styles);
  } catch (const Error& error) {
    throw UsageError(command, error.what());
  }
  if (!args.style.line_strength.empty())
    options.line_strength =
        parse_number(args.app, "--line-strength", args.style.line_strength, 0, kMostLineStrength);
  options.levels = args.comic.steps;
  options.short_side = args.comic.short_side;
  options.layer = args.comic.layer == "flat"   ? ComicLayer::flat
                  : args.comic.layer == "line" ? ComicLayer::line
                                               : ComicLayer::drawing;
  options.raw = args.raw;
  options.side = args.style.side;
  // Multiples of 4; no other result (models/inference/comic_picture.h).
  if (args.tile != 0) options.tile = static_cast<int>(std::max<std::int64_t>(args.tile / 4 * 4, 32));
  return options;
}

PhotoFilter comic_filter(const ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
                         std::shared_ptr<ComicHold> hold) {
  ComicOptions options = comic_options(args, *as_stylizer(*opened->model));
  options.hold = hold.get();
  if (args.judge)
    throw UsageError(command_name(args.app),
                     "--judge is for models with a discriminator, and a stylizer has none; leave it out");
  PhotoFilter filter;
  filter.clip = comic_blend(as_stylizer(*opened->model)->styles(), options.weights);
  filter.work = [short_side = options.short_side](double width, double height) {
    const auto [w, h] = working_size(static_cast<int>(width), static_cast<int>(height), short_side);
    return kComicNetworkWork * w * h + kFinishWork * width * height;
  };
  filter.run = [opened = std::move(opened), options, hold = std::move(hold)](const Photo& photo,
                                                                             const Photo*) {
    return comic_picture(*as_stylizer(*opened->model), photo, options);
  };
  return filter;
}

}  // namespace sumi::cli
