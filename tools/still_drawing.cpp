#include "tools/still_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "engine/animate/boil.h"
#include "engine/animate/drawn_lines.h"
#include "engine/error.h"
#include "engine/graph/open.h"
#include "engine/image/photo_edits.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/style.h"
#include "models/inference/comic_picture.h"
#include "models/stylizer.h"
#include "tools/comic_filter.h"
#include "tools/convert_filter.h"

namespace sumi::cli {
namespace {

using animate::BoilOptions;
using animate::LineScale;
using stylize::Plane;

// What all drawers have in common.
struct Boil {
  int moments, hands;
  float amount;
  std::uint64_t seed;

  // `available`: hands that the style or the model has.
  Boil(const AnimateArguments& args, int available)
      : moments(static_cast<int>(args.boil)),
        hands(std::min(args.most_hands, moments)),
        amount(static_cast<float>(args.amount)),
        seed(args.random_seed) {
    if (args.most_hands > available)
      fail("--hands", fmt::format("{} is more than there are; use at most {} with this style or model",
                                  args.most_hands, available));
    if (amount == 0 && hands == 1) moments = 1;
  }
  BoilOptions options(const Plane& face) const { return {amount, seed, face.empty() ? nullptr : &face}; }
};

// draw(line) for the line layer of each moment. Hands take turns: `lines` has a layer for each, the
// still's first.
template <class Draw>
std::vector<Photo> draw_moments(const Boil& boil, const std::vector<const Plane*>& lines, LineScale scale,
                                const Plane& face, const Draw& draw) {
  std::vector<Photo> moments;
  const Plane& still = *lines.front();
  if (boil.moments == 1) {
    moments.push_back(draw(still));
    return moments;
  }
  std::vector<Plane> hands;
  for (const Plane* line : lines) hands.push_back(animate::calmed_hand(still, *line, &face));
  const Plane reach = animate::line_reach(hands, scale);
  for (int k = 0; k < boil.moments; ++k) {
    const Plane& drawn = hands[static_cast<std::size_t>(k) % hands.size()];
    const auto field = animate::boil_field(still.width(), still.height(), k, boil.options(face));
    moments.push_back(draw(animate::boiled(still, drawn, field, reach, scale)));
  }
  return moments;
}

class DrawnStill final : public StillDrawer {
 public:
  DrawnStill(const AnimateArguments& args, Warn warn) : boil_(args, 1), warn_(std::move(warn)) {}

  std::vector<Photo> draw(const Photo& photo, const Plane& face) override {
    if (boil_.moments == 1) return {photo};
    const animate::DrawnLines lines = animate::find_drawn_lines(photo);
    if (!lines.any) {
      warn_("note: the image has no dark lines on a lighter ground; only camera and layers move");
      return {photo};
    }
    std::vector<Photo> moments;
    for (int k = 0; k < boil_.moments; ++k)
      moments.push_back(animate::draw_moment(
          photo, lines, animate::boil_field(photo.width, photo.height, k, boil_.options(face))));
    return moments;
  }

 private:
  Boil boil_;
  Warn warn_;
};

class StyledStill final : public StillDrawer {
 public:
  explicit StyledStill(const AnimateArguments& args)
      : boil_(args, stylize::kLineHands), style_(args.drawing.style) {}

  std::vector<Photo> draw(const Photo& photo, const Plane& face) override {
    stylize::StyleOptions options;
    options.values = style_.values;
    options.face = face.empty() ? nullptr : &face;
    options.best = style_.quality == "best";
    // The still's hand may be chosen by --style-set; others follow it.
    const auto first = static_cast<int>(std::lround(options.values["hand"]));
    std::vector<std::unique_ptr<stylize::StyleDrawing>> drawings;
    std::vector<const Plane*> lines;
    for (int k = 0; k < boil_.hands; ++k) {
      options.values["hand"] = (first + k) % stylize::kLineHands;
      drawings.push_back(std::make_unique<stylize::StyleDrawing>(
          style_.name, stylize::RgbView{photo.width, photo.height, photo.rgb.data()}, options));
      lines.push_back(&drawings.back()->line());
    }
    return draw_moments(boil_, lines, LineScale::cover, face, [&](const Plane& line) {
      Photo result = photo;
      result.rgb = drawings.front()->draw(line);
      blend_over(photo, {}, style_.blend, result);
      return result;
    });
  }

 private:
  Boil boil_;
  StyleArguments style_;
};

bool is_passed(const GateAnswer& answer, std::string& reason) {
  reason = answer.reason;
  return answer.kind == GateAnswer::Kind::pass;
}

class ComicStill final : public StillDrawer {
 public:
  ComicStill(const AnimateArguments& args, std::shared_ptr<OpenedModel> opened)
      : gate_(args.drawing.gate, args.drawing.model, args.drawing.direction),
        boil_(args, as_stylizer(*opened->model)->hands()),
        blend_(args.drawing.style.blend),
        options_(comic_options(args.drawing, *as_stylizer(*opened->model))),
        opened_(std::move(opened)) {
    options_.hands = boil_.hands > 1;
  }

  std::vector<Photo> draw(const Photo& photo, const Plane& face) override {
    const ComicDrawing drawing(*as_stylizer(*opened_->model), photo, options_);
    std::vector<const Plane*> lines;
    for (int k = 0; k < boil_.hands; ++k) lines.push_back(&drawing.line(k));
    return draw_moments(boil_, lines, LineScale::logit, face, [&](const Plane& line) {
      Photo result = drawing.draw(line);
      blend_over(photo, {}, blend_, result);
      return result;
    });
  }
  bool passes(const Photo& photo, std::string& reason) const override {
    return is_passed(gate_.ask(photo), reason);
  }

 private:
  ConvertGate gate_;
  Boil boil_;
  double blend_;
  ComicOptions options_;
  std::shared_ptr<OpenedModel> opened_;
};

// Networks that make finished images: their lines move as those of drawings.
class TranslatedStill final : public StillDrawer {
 public:
  TranslatedStill(const AnimateArguments& args, PhotoFilter filter, const Warn& warn)
      : blend_(args.drawing.style.blend), filter_(std::move(filter)), lines_(args, warn) {}

  std::vector<Photo> draw(const Photo& photo, const Plane& face) override {
    Photo result = filter_.run(photo, nullptr);
    if (result.width != photo.width || result.height != photo.height)
      result = resize_photo(result, photo.width, photo.height);
    blend_over(photo, {}, blend_, result);
    return lines_.draw(result, face);
  }
  bool passes(const Photo& photo, std::string& reason) const override {
    return filter_.gate && is_passed(filter_.gate(photo), reason);
  }

 private:
  double blend_;
  PhotoFilter filter_;
  DrawnStill lines_;
};

}  // namespace

std::unique_ptr<StillDrawer> still_drawer(AnimateArguments& args, Warn warn) {
  if (args.drawn) return drawn_still(args, std::move(warn));
  if (args.drawing.style.used()) return std::make_unique<StyledStill>(args);
  if (graph::is_network_file(args.drawing.model))
    return std::make_unique<TranslatedStill>(args, photo_filter(args.drawing, warn), warn);
  auto opened = std::make_shared<OpenedModel>(
      open_model(args.drawing.model, args.drawing.machine.device, args.drawing.machine.precision));
  if (as_stylizer(*opened->model)) return std::make_unique<ComicStill>(args, std::move(opened));
  return std::make_unique<TranslatedStill>(args, model_filter(args.drawing, std::move(opened), warn), warn);
}

std::unique_ptr<StillDrawer> drawn_still(const AnimateArguments& args, Warn warn) {
  return std::make_unique<DrawnStill>(args, std::move(warn));
}

}  // namespace sumi::cli
