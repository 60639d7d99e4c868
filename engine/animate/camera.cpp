#include "engine/animate/camera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/image/stylize/math.h"

namespace sumi::animate {
namespace {

constexpr double kZoom = 0.12, kPanMargin = 0.12, kOrbitMargin = 0.08, kShakeMargin = 0.03;
constexpr double kTurn = 2 * std::numbers::pi;

// 0 to 1 with all slopes 0 at both ends up to the second (Perlin 2002).
double ease(double t) {
  return t * t * t * (t * (6 * t - 15) + 10);
}

// Out and back: 0 at t = 0 and 1, 1 in the middle.
double swing(double t) {
  return 0.5 - 0.5 * std::cos(kTurn * t);
}

// A hand: vibrations with whole numbers of periods, of random phase, the slow ones larger. -1..1.
double tremble(double t, std::uint64_t seed, std::uint32_t axis) {
  constexpr int kPeriods[] = {1, 2, 3, 5, 7};
  double sum = 0, most = 0;
  for (const int periods : kPeriods) {
    const double weight = 1 / std::sqrt(periods);
    const double phase =
        stylize::hash01(static_cast<std::uint32_t>(periods), axis, static_cast<std::uint32_t>(seed));
    sum += weight * std::sin(kTurn * (periods * t + phase));
    most += weight;
  }
  return sum / most;
}

// Largest distance of a view's center from the picture's, in parts of the picture, so that layers
// that move by the parallax besides never show their ends.
double room(double margin, double parallax) {
  const double half = 0.5 * (1 - 1 / (1 + margin));
  return std::max(half - parallax, 0.0);
}

double margin_of(const CameraOptions& o) {
  const double margin = o.motion == Motion::pan     ? kPanMargin
                        : o.motion == Motion::orbit ? kOrbitMargin
                        : o.motion == Motion::shake ? kShakeMargin
                                                    : 0;
  return margin > 0 ? o.amount * margin + 2 * o.parallax : 0;
}

}  // namespace

const std::vector<std::string>& motion_names() {
  static const std::vector<std::string> names{"none", "zoom", "pan", "orbit", "shake"};
  return names;
}

View view_at(const CameraOptions& o, double t) {
  View view;
  if (o.motion == Motion::none || o.amount == 0) return view;
  if (o.motion == Motion::zoom) {
    const double in = o.loop ? swing(t) : ease(t);
    view.zoom = 1 + o.amount * kZoom * in;
    view.enlargement = 1 + 2 * o.parallax * in;  // the nearest layer's edges move by the parallax
    return view;
  }
  const double margin = margin_of(o), reach = room(margin, o.parallax);
  view.zoom = 1 + margin;
  double dx = 0, dy = 0;  // of the unit circle
  if (o.motion == Motion::pan) {
    dx = o.loop ? -std::cos(kTurn * t) : 2 * ease(t) - 1;
  } else if (o.motion == Motion::orbit) {
    dx = std::cos(kTurn * t);
    dy = std::sin(kTurn * t);
  } else {
    dx = tremble(t, o.seed, 1);
    dy = tremble(t, o.seed, 2);
  }
  view.x += reach * dx;
  view.y += reach * dy;
  view.shift_x = -o.parallax * dx;
  view.shift_y = -o.parallax * dy;
  return view;
}

double largest_zoom(const CameraOptions& o) {
  if (o.motion == Motion::none || o.amount == 0) return 1;
  return o.motion == Motion::zoom ? 1 + o.amount * kZoom : 1 + margin_of(o);
}

std::vector<int> moments_of_frames(int frames, double seconds, int moments, double rate) {
  int count = std::clamp(static_cast<int>(std::lround(seconds * rate)), 1, frames);
  if (moments > 1 && count > 1 && count % moments == 1) count += count < frames ? 1 : -1;
  std::vector<int> result;
  for (int frame = 0; frame < frames; ++frame)
    result.push_back(static_cast<int>(static_cast<std::int64_t>(frame) * count / frames) %
                     std::max(moments, 1));
  return result;
}

}  // namespace sumi::animate
