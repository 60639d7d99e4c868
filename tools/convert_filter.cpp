#include "tools/convert_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/faces/faces.h"
#include "engine/image/image.h"
#include "engine/image/labeled_sheet.h"
#include "engine/image/stylize/style.h"
#include "models/inference/converter.h"
#include "models/inference/exported.h"
#include "models/stylizer.h"
#include "models/training/trainer.h"
#include "tools/comic_filter.h"

namespace sumi::cli {
namespace {

constexpr int kSheetSide = 720;

// from + amount (to - from)
std::uint16_t between(std::uint16_t from, std::uint16_t to, double amount) {
  return static_cast<std::uint16_t>(std::lround(from + amount * (to - from)));
}

void check_mask(const Photo& photo, const Photo& mask) {
  if (mask.width == photo.width && mask.height == photo.height) return;
  fail("--mask", fmt::format("is {}x{}, but the image {}x{}; make the mask as large as the image", mask.width,
                             mask.height, photo.width, photo.height));
}

// Blends `result` over the photograph, by `strength` and the mask.
void blend(const Photo& photo, const Photo* mask, double strength, Photo& result) {
  if (strength == 1 && !mask) return;
  for (std::size_t i = 0; i < result.rgb.size(); ++i) {
    const double amount = mask ? strength * mask->rgb[i] / 65535 : strength;
    result.rgb[i] = between(photo.rgb[i], result.rgb[i], amount);
  }
  result.gray = result.gray && photo.gray;
}

stylize::RgbView view_of(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

Photo apply(const Photo& photo, const Photo* mask, const std::string& name, const StyleArguments& style,
            const stylize::Plane& face) {
  if (mask) check_mask(photo, *mask);
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
  blend(photo, mask, style.blend, result);
  return result;
}

// Masks of faces; none if they are not requested or not available.
class FaceMasks {
 public:
  FaceMasks(bool wanted, std::function<void(const std::string&)> warn)
      : wanted_(wanted), warn_(std::move(warn)) {}

  stylize::Plane of(const Photo& photo) {
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
  for (const stylize::StyleInfo& info : stylize::styles())
    cells.push_back({info.name, to_image8(apply(photo, nullptr, info.name, style, face))});
  // Upright photographs in one row of four and one of three; wide ones in pairs.
  const Image8 sheet = make_labeled_sheet(cells, width > 2 * height ? 2 : 4);
  Photo result;
  result.width = sheet.width;
  result.height = sheet.height;
  for (const std::uint8_t level : sheet.data) result.rgb.push_back(static_cast<std::uint16_t>(level * 257));
  return result;
}

PhotoFilter model_filter(ConvertArguments& args, std::shared_ptr<ComicHold> hold) {
  auto opened =
      std::make_shared<OpenedModel>(open_model(args.model, args.machine.device, args.machine.precision));
  if (as_stylizer(*opened->model)) return comic_filter(args, std::move(opened), std::move(hold));
  args.style.refuse(args.app);
  args.comic.refuse(args.app);
  args.choose_direction(opened->directions());
  auto converter =
      std::make_shared<Converter>(image_network(*opened->model, args.direction, args.raw), args.max_memory);
  return [opened, converter, strength = args.style.blend](const Photo& photo, const Photo* mask) {
    Photo result = (*converter)(photo, mask);
    if (strength < 1) blend(resize_photo(photo, result.width, result.height), nullptr, strength, result);
    return result;
  };
}

}  // namespace

PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn,
                         std::shared_ptr<ComicHold> hold) {
  if (!args.style.used()) return model_filter(args, std::move(hold));
  auto masks = std::make_shared<FaceMasks>(args.style.faces == "auto", std::move(warn));
  return [style = args.style, masks](const Photo& photo, const Photo* mask) {
    return style.sheet ? sheet_of(photo, style, *masks)
                       : apply(photo, mask, style.name, style, masks->of(photo));
  };
}

}  // namespace sumi::cli
