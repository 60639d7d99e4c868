#include "engine/animate/layers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "engine/animate/bicubic.h"
#include "engine/animate/projection.h"
#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"

namespace sumi::animate {
namespace {

using stylize::Plane;

// Lengths in pixels, where the shorter side has 512.
constexpr float kOutline = 2, kHoleRoom = 2, kSoft = 2;

int pixels_of(float length, const Photo& photo) {
  return std::max(
      static_cast<int>(std::lround(length * static_cast<float>(std::min(photo.width, photo.height)) / 512)),
      1);
}

std::uint16_t level_of(float value) {
  return static_cast<std::uint16_t>(stylize::clamp(value, 0, 65535) + 0.5F);
}

// One level of the pyramid: colors times their weight, and the weight.
struct PyramidLevel {
  std::array<Plane, 3> color;
  Plane weight;
};

PyramidLevel finest(const Photo& photo, const Plane& hole) {
  PyramidLevel level;
  for (Plane& plane : level.color) plane = Plane(photo.width, photo.height);
  level.weight = map([](float h) { return h > 0.0F ? 0.0F : 1.0F; }, hole);
  for (std::size_t i = 0; i < photo.pixels(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      level.color[c].data()[i] = level.weight.data()[i] * static_cast<float>(photo.rgb[3 * i + c]);
  return level;
}

// Weights above 1 count as 1: four known pixels are as good as one.
PyramidLevel coarser(const PyramidLevel& fine) {
  PyramidLevel level;
  level.weight = halve(fine.weight);
  for (std::size_t c = 0; c < 3; ++c) {
    level.color[c] = halve(fine.color[c]);
    change(
        level.color[c],
        [](float color, float weight) { return weight > 0.25F ? color * (1 / weight) : 4.0F * color; },
        level.weight);
  }
  change(level.weight, [](float weight) { return weight > 0.25F ? 1.0F : 4.0F * weight; });
  return level;
}

void pull(PyramidLevel& fine, const PyramidLevel& coarse) {
  for (std::size_t c = 0; c < 3; ++c) {
    const Plane below = resize_linear(coarse.color[c], fine.weight.width(), fine.weight.height());
    change(
        fine.color[c], [](float color, float under, float weight) { return color + (1 - weight) * under; },
        below, fine.weight);
  }
}

// A plane's values in the hole, from around it.
void fill_plane(Plane& plane, const Plane& hole) {
  Photo gray;
  gray.width = plane.width();
  gray.height = plane.height();
  gray.rgb.resize(3 * plane.pixels());
  for (std::size_t i = 0; i < plane.pixels(); ++i) gray.rgb[3 * i] = level_of(65535 * plane.data()[i]);
  fill_hole(gray, hole);
  for (std::size_t i = 0; i < plane.pixels(); ++i)
    if (hole.data()[i] > 0) plane.data()[i] = static_cast<float>(gray.rgb[3 * i]) / 65535;
}

}  // namespace

Plane grown(const Plane& mask, int radius, int soft) {
  Plane inside = map([](float m) { return m >= 0.5F ? 1.0F : 0.0F; }, mask);
  for (int i = 0; i < radius; ++i) {
    // 3x3 pixels, and in every second round only the four neighbors: an octagon.
    Plane wider = dilate(inside);
    if (i % 2 == 1) {
      const int width = inside.width(), height = inside.height();
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          float most = inside.row(y)[x];
          if (x > 0) most = std::max(most, inside.row(y)[x - 1]);
          if (x + 1 < width) most = std::max(most, inside.row(y)[x + 1]);
          if (y > 0) most = std::max(most, inside.row(y - 1)[x]);
          if (y + 1 < height) most = std::max(most, inside.row(y + 1)[x]);
          wider.row(y)[x] = most;
        }
    }
    inside = std::move(wider);
  }
  if (soft <= 0) return inside;
  // The blur reaches 3 sigma; what was 1 stays 1.
  const Plane border = blur(inside, static_cast<float>(soft) / 3);
  return map([](float own, float b) { return own > 0.5F ? 1.0F : stylize::clamp(2.0F * b, 0.0F, 1.0F); },
             inside, border);
}

void fill_hole(Photo& photo, const Plane& hole) {
  std::vector<PyramidLevel> levels;
  levels.push_back(finest(photo, hole));
  while (levels.back().weight.width() > 1 || levels.back().weight.height() > 1)
    levels.push_back(coarser(levels.back()));
  for (std::size_t i = levels.size() - 1; i-- > 0;) pull(levels[i], levels[i + 1]);
  for (std::size_t i = 0; i < photo.pixels(); ++i) {
    const float share = hole.data()[i];
    if (share <= 0) continue;
    for (std::size_t c = 0; c < 3; ++c) photo.rgb[3 * i + c] = level_of(levels[0].color[c].data()[i]);
  }
}

Photo blend_hole(const Photo& behind, const Photo& filled, const Plane& hole) {
  Photo result = behind;
  for (std::size_t i = 0; i < result.pixels(); ++i) {
    const float share = hole.data()[i];
    if (share == 0) continue;
    for (std::size_t c = 3 * i; c < 3 * i + 3; ++c)
      result.rgb[c] = level_of(stylize::mix(behind.rgb[c], filled.rgb[c], share));
  }
  return result;
}

std::vector<Peeled> peel(const Photo& photo, const std::vector<Plane>& masks) {
  std::vector<Peeled> layers;  // the nearest first
  const int outline = pixels_of(kOutline, photo), room = pixels_of(kHoleRoom, photo),
            soft = pixels_of(kSoft, photo);
  Peeled layer;
  layer.photo = photo;
  for (const Plane& mask : masks) {
    Peeled next;
    next.photo = layer.photo;
    next.hole = grown(mask, outline + room, soft);
    if (!layer.hole.empty())
      change(
          next.hole, [](float a, float b) { return a > b ? a : b; }, layer.hole);
    layer.cover = grown(mask, outline, soft);
    if (!layer.hole.empty()) fill_plane(layer.cover, layer.hole);
    fill_hole(next.photo, next.hole);
    layers.push_back(std::move(layer));
    layer = std::move(next);
  }
  layers.push_back(std::move(layer));
  std::reverse(layers.begin(), layers.end());
  return layers;
}

std::vector<std::uint16_t> compose_frame(const std::vector<DrawnLayer>& layers, int moment, const View& view,
                                         int width, int height) {
  std::vector<float> frame;
  for (const DrawnLayer& layer : layers) {
    const Photo& picture = layer.moments[static_cast<std::size_t>(moment) % layer.moments.size()];
    const Projection projection(picture.width, picture.height, view, layer.nearness, width, height);
    std::vector<float> color = projection(picture.rgb);
    if (frame.empty() || layer.cover.empty()) {
      frame = std::move(color);
      continue;
    }
    const Plane cover = projection(layer.cover);
    for (std::size_t i = 0; i < cover.pixels(); ++i) {
      const float share = stylize::clamp(cover.data()[i], 0, 1);
      for (std::size_t c = 3 * i; c < 3 * i + 3; ++c) frame[c] = stylize::mix(frame[c], color[c], share);
    }
  }
  std::vector<std::uint16_t> result(frame.size());
  std::transform(frame.begin(), frame.end(), result.begin(), level_of);
  return result;
}

Plane prepare_depth(const Plane& depth, double parallax) {
  const auto side = static_cast<double>(std::min(depth.width(), depth.height()));
  const int band = std::max(static_cast<int>(std::lround(parallax * side)), 1);
  Plane near = depth.copy();
  for (int i = 0; i < band; ++i) near = dilate(near);
  return blur(near, 0.4F * static_cast<float>(band));
}

std::vector<std::uint16_t> compose_depth_frame(const Photo& picture, const Plane& nearness, const View& view,
                                               int width, int height) {
  const int w = picture.width, h = picture.height;
  const AxisWindow x_far = window_across(w, h, view, 0, width), x_near = window_across(w, h, view, 1, width);
  const AxisWindow y_far = window_down(w, h, view, 0, height), y_near = window_down(w, h, view, 1, height);
  std::vector<std::uint16_t> result(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  stylize::for_rows(height, [&](int begin, int end, int) {
    constexpr int kRounds = 4;  // of a fixed point: nearness of the place that is seen
    for (int y = begin; y < end; ++y)
      for (int x = 0; x < width; ++x) {
        const auto at = [](const AxisWindow& axis, int i) {
          return static_cast<float>(axis.begin + (i + 0.5) * axis.step - 0.5);
        };
        const float x0 = at(x_far, x), x1 = at(x_near, x), y0 = at(y_far, y), y1 = at(y_near, y);
        float near[1] = {1};  // the nearest of several solutions is seen
        for (int round = 0; round < kRounds; ++round)
          sample_cubic<1>(nearness.data(), w, h, stylize::mix(x0, x1, near[0]), stylize::mix(y0, y1, near[0]),
                          near);
        float color[3];
        sample_cubic<3>(picture.rgb.data(), w, h, stylize::mix(x0, x1, near[0]),
                        stylize::mix(y0, y1, near[0]), color);
        for (int c = 0; c < 3; ++c)
          result[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x)) +
                 static_cast<std::size_t>(c)] = level_of(color[c]);
      }
  });
  return result;
}

}  // namespace sumi::animate
