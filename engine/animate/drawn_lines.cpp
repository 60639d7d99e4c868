#include "engine/animate/drawn_lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"

namespace sumi::animate {
namespace {

using stylize::Plane;

constexpr float kStroke = 9;           // pixels, where the shorter side has 512
constexpr float kLeastShare = 0.002F;  // of the pixels

Plane closing(const Plane& x, int radius) {
  const auto negated = [](const Plane& plane) { return map([](float v) { return -v; }, plane); };
  Plane closed = x.copy();
  for (int i = 0; i < radius; ++i) closed = dilate(closed);
  closed = negated(closed);
  for (int i = 0; i < radius; ++i) closed = dilate(closed);
  return negated(closed);
}

}  // namespace

DrawnLines find_drawn_lines(const Photo& picture) {
  const float scale = static_cast<float>(std::min(picture.width, picture.height)) / 512;
  const int radius = std::max(static_cast<int>(std::lround(kStroke * scale / 2)), 1);
  DrawnLines result;
  Plane darkest(picture.width, picture.height, 0.0F);
  const std::array<std::pair<Plane*, Plane*>, 3> channels{{{&result.ground.red, &result.lines.red},
                                                           {&result.ground.green, &result.lines.green},
                                                           {&result.ground.blue, &result.lines.blue}}};
  for (std::size_t c = 0; c < channels.size(); ++c) {
    Plane channel(picture.width, picture.height);
    for (std::size_t i = 0; i < picture.pixels(); ++i) channel.data()[i] = picture.rgb[3 * i + c];
    auto& [ground, lines] = channels[c];
    *ground = closing(channel, radius);
    *lines = map([](float level, float under) { return level - under; }, channel, *ground);
    change(
        darkest, [](float a, float b) { return a < b ? a : b; }, *lines);
  }
  result.reach = line_reach(darkest, LineScale::difference);
  std::size_t count = 0;
  for (std::size_t i = 0; i < darkest.pixels(); ++i) count += darkest.data()[i] < -24 * 257.0F ? 1 : 0;
  result.any = static_cast<float>(count) > kLeastShare * static_cast<float>(darkest.pixels());
  return result;
}

Photo draw_moment(const Photo& picture, const DrawnLines& lines, const BoilField& field) {
  Photo result = picture;
  const std::array<std::pair<const Plane*, const Plane*>, 3> channels{
      {{&lines.ground.red, &lines.lines.red},
       {&lines.ground.green, &lines.lines.green},
       {&lines.ground.blue, &lines.lines.blue}}};
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto& [ground, line] = channels[c];
    const Plane moved = boiled(*line, *line, field, lines.reach, LineScale::difference);
    for (std::size_t i = 0; i < picture.pixels(); ++i)
      if (lines.reach.data()[i] > 0)
        result.rgb[3 * i + c] =
            static_cast<std::uint16_t>(stylize::clamp(ground->data()[i] + moved.data()[i], 0, 65535) + 0.5F);
  }
  return result;
}

}  // namespace sumi::animate
