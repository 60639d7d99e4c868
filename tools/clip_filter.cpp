#include "tools/clip_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/faces/faces.h"
#include "engine/image/stylize/style.h"
#include "tools/convert_filter.h"

namespace sumi::cli {
namespace {

// of the way to a frame's own statistics: half of it in eight frames
constexpr float kEase = 0.08F;
// of the short side of the image that statistics are taken from
constexpr int kStatisticsSide = 240;
constexpr int kStatisticsEvery = 4;  // frames from measurement to measurement
constexpr int kFaceEvery = 8;        // frames from search to search
constexpr float kFaceEase = 0.25F;

stylize::RgbView clip_view(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

void ease(float& held, float now) {
  held += kEase * (now - held);
}

nlohmann::json to_json(const stylize::StyleStatistics& s) {
  return {s.low, s.high, s.median, s.chroma, s.tones};
}

stylize::StyleStatistics statistics_of(const nlohmann::json& json) {
  stylize::StyleStatistics s;
  s.low = json.at(0).get<float>();
  s.high = json.at(1).get<float>();
  s.median = json.at(2).get<float>();
  s.chroma = json.at(3).get<float>();
  s.tones = json.at(4).get<std::vector<float>>();
  return s;
}

// `result` over the frame, by `strength`.
void lay_over(const Photo& frame, double strength, Photo& result) {
  for (std::size_t i = 0; strength < 1 && i < result.rgb.size(); ++i)
    result.rgb[i] = static_cast<std::uint16_t>(
        std::lround(frame.rgb[i] + strength * (static_cast<double>(result.rgb[i]) - frame.rgb[i])));
}

class StyleOfClip final : public ClipFilter {
 public:
  StyleOfClip(const StyleArguments& style, std::function<void(const std::string&)> warn)
      : style_(style), faces_(style.faces == "auto"), warn_(std::move(warn)) {}

  Photo apply(const Photo& frame, bool cut) override {
    update_statistics(frame, cut);
    update_face(frame, cut);
    stylize::StyleOptions options;
    options.values = style_.values;
    options.statistics = held_;
    if (!face_.empty()) options.face = &face_;
    Photo result;
    result.width = frame.width;
    result.height = frame.height;
    result.depth = frame.depth;
    result.alpha = frame.alpha;
    result.rgb = stylize::apply_style(style_.name, clip_view(frame), options);
    lay_over(frame, style_.blend, result);
    return result;
  }

  stylize::ClipBlend blend() const override { return stylize::style_info(style_.name).clip; }

  std::string state() const override {
    nlohmann::json json{{"searched", since_search_}, {"width", face_.width()}, {"height", face_.height()}};
    if (held_) {
      json["statistics"] = to_json(*held_);
      json["measured"] = to_json(measured_);
      json["frames"] = since_measured_;
    }
    const auto levels = [](const stylize::Plane& plane) {
      return std::vector<float>(plane.data(), plane.data() + plane.pixels());
    };
    if (!face_.empty()) json["face"] = levels(face_);
    if (!found_.empty()) json["found"] = levels(found_);
    const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(json);
    return {bytes.begin(), bytes.end()};
  }

  void set_state(const std::string& text) override {
    const nlohmann::json json = nlohmann::json::from_cbor(text);
    since_search_ = json.at("searched").get<int>();
    held_.reset();
    if (json.contains("statistics")) {
      held_ = statistics_of(json.at("statistics"));
      measured_ = statistics_of(json.at("measured"));
      since_measured_ = json.at("frames").get<int>();
    }
    const int width = json.at("width").get<int>(), height = json.at("height").get<int>();
    const auto plane = [&](const char* name) {
      if (!json.contains(name)) return stylize::Plane{};
      const auto levels = json.at(name).get<std::vector<float>>();
      stylize::Plane result(width, height);
      if (levels.size() != result.pixels())
        fail("clip",
             "the state of the fragments is damaged; delete the folder of fragments and call sumi again");
      std::copy(levels.begin(), levels.end(), result.data());
      return result;
    };
    face_ = plane("face");
    found_ = plane("found");
  }

 private:
  // Taken from a small image, and not of each frame: it costs a third of the drawing of a frame of
  // 360 rows.
  stylize::StyleStatistics measure(const Photo& frame) const {
    const int shorter = std::min(frame.width, frame.height);
    const double scale = std::min(1.0, static_cast<double>(kStatisticsSide) / shorter);
    const auto side = [&](int size) { return std::max(static_cast<int>(std::lround(size * scale)), 1); };
    const Photo small = scale < 1 ? resize_photo(frame, side(frame.width), side(frame.height)) : Photo{};
    stylize::StyleOptions options;
    options.values = style_.values;
    return stylize::style_statistics(style_.name, clip_view(scale < 1 ? small : frame), options);
  }

  void update_statistics(const Photo& frame, bool cut) {
    if (cut || !held_ || ++since_measured_ >= kStatisticsEvery) {
      measured_ = measure(frame);
      since_measured_ = 0;
    }
    const stylize::StyleStatistics& now = measured_;
    if (cut || !held_ || held_->tones.size() != now.tones.size()) {
      held_ = now;
      return;
    }
    ease(held_->low, now.low);
    ease(held_->high, now.high);
    ease(held_->median, now.median);
    ease(held_->chroma, now.chroma);
    for (std::size_t i = 0; i < now.tones.size(); ++i) ease(held_->tones[i], now.tones[i]);
  }

  // The mask follows what was found last.
  void update_face(const Photo& frame, bool cut) {
    if (!faces_) return;
    if (cut || ++since_search_ >= kFaceEvery) {
      since_search_ = 0;
      search(frame);
      if (cut) face_ = found_.empty() ? stylize::Plane{} : found_.copy();
    }
    if (face_.empty() && found_.empty()) return;
    if (face_.empty()) face_ = stylize::Plane(found_.width(), found_.height(), 0.0F);
    float most = 0;
    for (std::size_t i = 0; i < face_.pixels(); ++i) {
      face_.data()[i] += kFaceEase * ((found_.empty() ? 0.0F : found_.data()[i]) - face_.data()[i]);
      most = std::max(most, face_.data()[i]);
    }
    if (most < 0.004F) face_ = {};
  }

  void search(const Photo& frame) {
    try {
      found_ = faces::face_mask(clip_view(frame), faces::find_faces(clip_view(frame)));
    } catch (const Error& error) {  // a drawing without it is worth having
      faces_ = false;
      warn_(fmt::format("warning: faces are not detected: {}", error.what()));
    }
  }

  StyleArguments style_;
  bool faces_;
  std::function<void(const std::string&)> warn_;
  std::optional<stylize::StyleStatistics> held_;
  stylize::StyleStatistics measured_;  // of the last frame that was looked at
  int since_measured_ = 0;
  stylize::Plane face_, found_;  // eased, and of the last search
  int since_search_ = 0;
};

// A stylizer holds its level curve and its tones; other models have nothing to hold.
class ModelOfClip final : public ClipFilter {
 public:
  ModelOfClip(ConvertArguments& args, std::function<void(const std::string&)> warn)
      : hold_(std::make_shared<ComicHold>()),
        filter_(photo_filter(args, std::move(warn), hold_)),
        strength_(args.style.blend) {}

  Photo apply(const Photo& frame, bool cut) override {
    if (cut) hold_->fresh = true;
    Photo result = filter_.run(frame, nullptr);
    if (result.width == frame.width && result.height == frame.height) lay_over(frame, strength_, result);
    return result;
  }
  stylize::ClipBlend blend() const override { return filter_.clip; }
  std::string state() const override { return hold_->state(); }
  void set_state(const std::string& text) override { hold_->set_state(text); }

 private:
  std::shared_ptr<ComicHold> hold_;
  PhotoFilter filter_;
  double strength_;
};

}  // namespace

std::unique_ptr<ClipFilter> clip_filter(ConvertArguments& args,
                                        std::function<void(const std::string&)> warn) {
  if (args.style.used()) return std::make_unique<StyleOfClip>(args.style, std::move(warn));
  return std::make_unique<ModelOfClip>(args, std::move(warn));
}

}  // namespace sumi::cli
