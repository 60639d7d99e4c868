#include "tools/convert_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/graph/open.h"
#include "engine/image/faces/faces.h"
#include "engine/image/image.h"
#include "engine/image/labeled_sheet.h"
#include "engine/image/photo_edits.h"
#include "engine/image/stylize/auto_levels.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/comic_layers.h"
#include "engine/image/stylize/style.h"
#include "models/inference/converter.h"
#include "models/stylizer.h"
#include "models/training/trainer.h"
#include "tools/comic_filter.h"
#include "tools/imported_filter.h"

namespace sumi::cli {
namespace {

constexpr int kSheetSide = 720;
// Seconds of one core: of a style and of a translating network for a pixel, of a sheet.
constexpr double kStyleWork = 2.5e-7, kNetworkWork = 2e-5, kSheetWork = 1.5;

stylize::RgbView view_of(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

// The planes that a stylizer learns of the style.
std::vector<std::uint16_t> layer_of(const Photo& photo, const std::string& name, const StyleArguments& style,
                                    const stylize::Plane& face) {
  std::vector<std::uint16_t> levels(photo.rgb.size());
  const stylize::LevelTable table(stylize::picture_curve(view_of(photo)));
  stylize::store_rgb(stylize::leveled_rows(view_of(photo), table, 0, photo.height), levels.data());
  const auto hand = style.values.find("hand");
  stylize::TeacherPlanes planes =
      stylize::teacher_planes(name, {photo.width, photo.height, levels.data()}, &face,
                              hand == style.values.end() ? 0 : static_cast<int>(std::lround(hand->second)));
  stylize::store_rgb(style.layer == "flat" ? std::move(planes.flat) : stylize::line_art(planes.line),
                     levels.data());
  return levels;
}

Photo apply(const Photo& photo, const std::string& name, const StyleArguments& style,
            const stylize::Plane& face) {
  stylize::StyleOptions options;
  options.values = style.values;
  options.face = &face;
  options.best = style.quality == "best";
  options.side = style.side;
  Photo result;
  result.width = photo.width;
  result.height = photo.height;
  result.depth = photo.depth;
  result.alpha = photo.alpha;
  result.rgb = style.layer == "drawing" ? stylize::apply_style(name, view_of(photo), options)
                                        : layer_of(photo, name, style, face);
  result.gray = stylize::style_info(name).gray || style.layer == "line";
  return result;
}

// Masks of faces, or none where they are not wanted or cannot be had.
class FaceMasks {
 public:
  FaceMasks(bool wanted, std::function<void(const std::string&)> warn)
      : wanted_(wanted), warn_(std::move(warn)) {}

  stylize::Plane of(const Photo& photo) {
    const std::lock_guard lock(mutex_);  // the cascades are shared, and change while they search
    if (!wanted_) return {};
    try {
      return faces::face_mask(view_of(photo), faces::find_faces(view_of(photo)));
    } catch (const Error& error) {  // a drawing without face detection is still useful
      wanted_ = false;
      warn_(fmt::format("warning: faces are not detected: {}", error.what()));
      return {};
    }
  }

 private:
  std::mutex mutex_;
  bool wanted_;
  std::function<void(const std::string&)> warn_;
};

Image8 to_image8(const Photo& photo) {
  Image8 image(photo.width, photo.height, 3);
  for (std::size_t i = 0; i < image.data.size(); ++i)
    image.data[i] = static_cast<std::uint8_t>((photo.rgb[i] + 128) / 257);
  return image;
}

Photo sheet_of(const Photo& given, const StyleArguments& style, FaceMasks& faces) {
  const auto [width, height] = limited_size(given.width, given.height, kSheetSide);
  const Photo photo = resize_photo(given, width, height);
  const stylize::Plane face = faces.of(photo);
  std::vector<LabeledImage> cells{{"photograph", to_image8(photo)}};
  for (const stylize::StyleInfo& info : stylize::styles()) {
    Photo drawn = apply(photo, info.name, style, face);
    blend_over(photo, {}, style.blend, drawn);
    cells.push_back({info.name, to_image8(drawn)});
  }
  // Upright photographs in one row of four and one of three, wide ones in pairs.
  const Image8 sheet = make_labeled_sheet(cells, width > 2 * height ? 2 : 4);
  Photo result;
  result.width = sheet.width;
  result.height = sheet.height;
  for (const std::uint8_t level : sheet.data) result.rgb.push_back(static_cast<std::uint16_t>(level * 257));
  return result;
}

TileOptions tile_options(const ConvertArguments& args, std::function<void(const std::string&)> say) {
  TileOptions tiles;
  tiles.side = static_cast<int>(args.tile);
  if (args.tile_statistics == "exact") tiles.statistics = TileStatistics::exact;
  if (args.tile_statistics == "sampled") tiles.statistics = TileStatistics::sampled;
  if (args.screen.quiet) return tiles;
  tiles.say = [say](const std::string& line) { say("note: " + line); };
  // A line each minute.
  using Clock = std::chrono::steady_clock;
  tiles.progress = [say, last = std::make_shared<Clock::time_point>(Clock::now())](double part) {
    if (part == 0) *last = Clock::now();
    if (Clock::now() - *last < std::chrono::minutes(1)) return;
    *last = Clock::now();
    say(fmt::format("note: {:.0f} % of the tiles are done", 100 * part));
  };
  return tiles;
}

// How many of the pixels of an image the network makes: 9 for superres by 3.
double enlargement(const ImageNetwork& network) {
  const bool superres = network.degradation.task == RestorationTask::superres;
  return superres ? network.degradation.factor * network.degradation.factor : 1;
}

PhotoFilter network_filter(ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
                           std::function<void(const std::string&)> say) {
  args.style.refuse(args.app);
  args.comic.refuse(args.app);
  args.choose_direction(opened->directions());
  ImageNetwork network = image_network(*opened->model, args.direction, args.raw);
  PhotoFilter filter;
  filter.fills_holes = network.degradation.task == RestorationTask::inpaint;
  filter.work = [share = enlargement(network)](double width, double height) {
    return kNetworkWork * share * width * height;
  };
  auto converter = std::make_shared<Converter>(std::move(network), args.max_memory);
  converter->set_tiles(tile_options(args, std::move(say)));
  if (args.judge) {
    auto judge = std::make_shared<DiscriminatorJudge>(*opened, args.direction);
    filter.judge = [opened, judge](const Photo& photo, const Photo& result) {
      return (*judge)(photo, result);
    };
  }
  filter.run = [opened = std::move(opened), converter](const Photo& photo, const Photo* holes) {
    return (*converter)(photo, holes);
  };
  return filter;
}

PhotoFilter style_filter(const ConvertArguments& args, std::function<void(const std::string&)> warn) {
  auto masks = std::make_shared<FaceMasks>(args.style.faces == "auto", std::move(warn));
  PhotoFilter filter;
  filter.finished = args.style.sheet;
  filter.parallel = true;
  filter.work = [sheet = args.style.sheet](double width, double height) {
    return sheet ? kSheetWork : kStyleWork * width * height;
  };
  filter.run = [style = args.style, masks](const Photo& photo, const Photo*) {
    return style.sheet ? sheet_of(photo, style, *masks) : apply(photo, style.name, style, masks->of(photo));
  };
  return filter;
}

}  // namespace

PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn,
                         std::shared_ptr<ComicHold> hold) {
  if (args.style.used()) return style_filter(args, std::move(warn));
  if (graph::is_network_file(args.model)) return imported_filter(args, tile_options(args, std::move(warn)));
  auto opened = std::make_shared<OpenedModel>(
      open_model(args.model, args.machine.device, args.machine.precision, args.net_key));
  return model_filter(args, std::move(opened), std::move(warn), std::move(hold));
}

PhotoFilter model_filter(ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
                         std::function<void(const std::string&)> warn, std::shared_ptr<ComicHold> hold) {
  if (!opened->recognized.empty() && !args.screen.quiet) warn("note: " + opened->recognized);
  PhotoFilter filter = as_stylizer(*opened->model) ? comic_filter(args, std::move(opened), std::move(hold))
                                                   : network_filter(args, std::move(opened), std::move(warn));
  auto gate = std::make_shared<ConvertGate>(args.gate, args.model, args.direction);
  filter.gate = [gate](const Photo& photo) { return gate->ask(photo); };
  return filter;
}

}  // namespace sumi::cli
