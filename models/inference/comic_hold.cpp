#include "models/inference/comic_hold.h"

#include <cstddef>
#include <nlohmann/json.hpp>

#include "engine/error.h"

namespace sumi {
namespace {

constexpr float kHoldEase = 0.08F;  // half of the way in eight frames

void ease_value(float& held, float own) {
  held += kHoldEase * (own - held);
}

}  // namespace

stylize::LevelCurve ComicHold::ease_curve(const stylize::LevelCurve& own) {
  if (fresh) {
    curve = own;
    return curve;
  }
  ease_value(curve.in_middle, own.in_middle);
  ease_value(curve.gain, own.gain);
  ease_value(curve.out_middle, own.out_middle);
  ease_value(curve.gamma, own.gamma);
  return curve;
}

std::vector<float> ComicHold::ease_tones(std::size_t index, const std::vector<float>& own) {
  if (tones.size() <= index) tones.resize(index + 1);
  std::vector<float>& held = tones[index];
  if (fresh || held.size() != own.size()) return held = own;
  for (std::size_t i = 0; i < own.size(); ++i) ease_value(held[i], own[i]);
  return held;
}

std::string ComicHold::state() const {
  return nlohmann::json{{"curve", {curve.in_middle, curve.gain, curve.out_middle, curve.gamma}},
                        {"tones", tones}}
      .dump();
}

void ComicHold::set_state(const std::string& text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    const auto values = json.at("curve").get<std::vector<float>>();
    if (values.size() != 4)
      fail("clip", "the state of its fragments is damaged; delete the folder of fragments");
    curve = {values[0], values[1], values[2], values[3]};
    tones = json.at("tones").get<std::vector<std::vector<float>>>();
    fresh = false;
  } catch (const nlohmann::json::exception&) {
    fail("clip", "the state of its fragments is damaged; delete the folder of fragments");
  }
}

}  // namespace sumi
