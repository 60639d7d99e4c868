#include "tools/convert_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/faces/faces.h"
#include "engine/image/image.h"
#include "engine/image/labeled_sheet.h"
#include "engine/image/photo_edits.h"
#include "engine/image/stylize/style.h"
#include "models/inference/converter.h"
#include "models/inference/exported.h"
#include "models/stylizer.h"
#include "models/training/trainer.h"
#include "tools/comic_filter.h"

namespace sumi::cli {
namespace {

constexpr int kSheetSide = 720;
// Seconds of one core: of a style and of a translating network for a pixel, of a sheet.
constexpr double kStyleWork = 2.5e-7, kNetworkWork = 2e-5, kSheetWork = 1.5;

stylize::RgbView view_of(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

Photo apply(const Photo& photo, const std::string& name, const StyleArguments& style,
            const stylize::Plane& face) {
  stylize::StyleOptions options;
  options.values = style.values;
  options.face = &face;
  Photo result;
  result.width = photo.width;
  result.height = photo.height;
  result.depth = photo.depth;
  result.alpha = photo.alpha;
  result.rgb = stylize::apply_style(name, view_of(photo), options);
  result.gray = stylize::style_info(name).gray;
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
      warn_(fmt::format("warning: faces are not looked for: {}", error.what()));
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

// How many of the pixels of an image the network makes: 9 for superres by 3.
double enlargement(const ImageNetwork& network) {
  const bool superres = network.degradation.task == RestorationTask::superres;
  return superres ? network.degradation.factor * network.degradation.factor : 1;
}

PhotoFilter network_filter(ConvertArguments& args, std::shared_ptr<OpenedModel> opened) {
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

PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn) {
  if (args.style.used()) return style_filter(args, std::move(warn));
  auto opened =
      std::make_shared<OpenedModel>(open_model(args.model, args.machine.device, args.machine.precision));
  PhotoFilter filter = as_stylizer(*opened->model) ? comic_filter(args, std::move(opened))
                                                   : network_filter(args, std::move(opened));
  auto gate = std::make_shared<ConvertGate>(args.gate, args.model, args.direction);
  filter.gate = [gate](const Photo& photo) { return gate->ask(photo); };
  return filter;
}

}  // namespace sumi::cli
