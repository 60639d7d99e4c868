// Outlines of balloons. A speech balloon is a superellipse |x/a|^n + |y/b|^n = 1 around the lines
// of its text; a thought has bumps on it and a burst has spikes, both outside of it.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "engine/page/balloon.h"

namespace sumi::page {
namespace {

constexpr double kPower = 2.5;     // of the superellipse: 2 is an ellipse
constexpr double kPadding = 0.42;  // around the text; this and the following in sizes of the letters
constexpr double kCaptionX = 0.5, kCaptionY = 0.32;
constexpr double kBump = 0.55, kSpike = 1.1;
constexpr double kTailWidth = 0.42;  // half of its base
constexpr int kPoints = 120;

struct Axes {
  double a, b;
};

// The axes around all lines for which the balloon is least wider and higher than the text.
Axes axes_around(const TextBlock& block) {
  const double center_x = block.width / 2, center_y = block.height / 2;
  Axes best{0, 0};
  for (double part = 1.1; part < 4; part += 0.05) {
    const double b = part * std::max(center_y, 1e-3);
    double a = 0;
    for (const Box& line : block.lines) {
      const double x = std::max(std::abs(line.x - center_x), std::abs(line.right() - center_x));
      const double y = std::max(std::abs(line.y - center_y), std::abs(line.bottom() - center_y));
      a = std::max(a, x / std::pow(1 - std::pow(y / b, kPower), 1 / kPower));
    }
    if (best.a == 0 || a + b < best.a + best.b) best = {a, b};
  }
  return best;
}

double outside(LetteringKind kind, double size) {
  return kind == LetteringKind::thought ? kBump * size : kind == LetteringKind::burst ? kSpike * size : 0;
}

Point on_superellipse(Point center, double a, double b, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  const double radius =
      std::pow(std::pow(std::abs(c) / a, kPower) + std::pow(std::abs(s) / b, kPower), -1 / kPower);
  return {center.x + radius * c, center.y + radius * s};
}

std::vector<Point> circle(Point center, double radius) {
  std::vector<Point> points;
  for (int k = 0; k < 36; ++k) {
    const double angle = 2 * std::numbers::pi * k / 36;
    points.push_back({center.x + radius * std::cos(angle), center.y + radius * std::sin(angle)});
  }
  return points;
}

// Points that divide a superellipse into parts of about equal length.
std::vector<Point> even_points(Point center, double a, double b, int count) {
  std::vector<Point> fine;
  std::vector<double> length{0};
  constexpr int kFine = 720;
  for (int k = 0; k <= kFine; ++k) {
    fine.push_back(on_superellipse(center, a, b, 2 * std::numbers::pi * k / kFine));
    if (k > 0)
      length.push_back(length.back() + std::hypot(fine.back().x - fine[fine.size() - 2].x,
                                                  fine.back().y - fine[fine.size() - 2].y));
  }
  std::vector<Point> points;
  std::size_t at = 0;
  for (int k = 0; k < count; ++k) {
    while (length[at] < length.back() * k / count) ++at;
    points.push_back(fine[at]);
  }
  return points;
}

// Bumps: arcs that stand on the superellipse.
std::vector<std::vector<Point>> cloud(Point center, double a, double b, double size) {
  const double around = std::numbers::pi * (a + b);
  const int bumps = std::max(8, static_cast<int>(std::lround(around / (2.4 * size))));
  const std::vector<Point> points = even_points(center, a, b, bumps);
  std::vector<std::vector<Point>> outlines{even_points(center, a, b, kPoints)};
  for (std::size_t k = 0; k < points.size(); ++k) {
    const Point& from = points[k];
    const Point& to = points[(k + 1) % points.size()];
    const double chord = std::hypot(to.x - from.x, to.y - from.y);
    // A circle through both ends that rises above their chord by less than kBump.
    const double rise = std::min(0.35 * chord, 0.8 * kBump * size);
    const double radius = (chord * chord / 4 + rise * rise) / (2 * rise);
    const Point middle{(from.x + to.x) / 2, (from.y + to.y) / 2};
    const double nx = (to.y - from.y) / chord, ny = -(to.x - from.x) / chord;
    outlines.push_back(circle({middle.x + (rise - radius) * nx, middle.y + (rise - radius) * ny}, radius));
  }
  return outlines;
}

// Spikes of different lengths, the same ones each time.
std::vector<Point> burst(Point center, double a, double b, double size) {
  const int spikes =
      std::clamp(static_cast<int>(std::lround(std::numbers::pi * (a + b) / (2.2 * size))), 10, 28);
  const std::vector<Point> points = even_points(center, a, b, 2 * spikes);
  std::vector<Point> outline;
  for (std::size_t k = 0; k < points.size(); ++k) {
    const Point& point = points[k];
    if (k % 2 == 0) {
      outline.push_back(point);
      continue;
    }
    const double dx = point.x - center.x, dy = point.y - center.y, length = std::hypot(dx, dy);
    const double reach = kSpike * size * (0.55 + 0.45 * std::abs(std::sin(2.3 * static_cast<double>(k))));
    outline.push_back({point.x + reach * dx / length, point.y + reach * dy / length});
  }
  return outline;
}

// A curved wedge from inside the balloon to its tip.
std::vector<Point> tail_wedge(Point center, Point tip, double half_width) {
  const double dx = tip.x - center.x, dy = tip.y - center.y, length = std::hypot(dx, dy);
  const double nx = -dy / length, ny = dx / length;
  const double bend = (dx > 0 ? 0.09 : -0.09) * length;
  const auto along = [&](double t, double side) {
    const double width = side * half_width * (1 - t);
    const double arc = bend * 4 * t * (1 - t) * 0.5;
    return Point{center.x + t * dx + (width + arc) * nx, center.y + t * dy + (width + arc) * ny};
  };
  std::vector<Point> points;
  for (int k = 0; k <= 16; ++k) points.push_back(along(k / 16.0, 1));
  for (int k = 15; k >= 0; --k) points.push_back(along(k / 16.0, -1));
  return points;
}

}  // namespace

Box balloon_box(LetteringKind kind, const TextBlock& block, double size) {
  if (kind == LetteringKind::caption)
    return {-kCaptionX * size, -kCaptionY * size, block.width + 2 * kCaptionX * size,
            block.height + 2 * kCaptionY * size};
  const auto [a, b] = axes_around(block);
  const double more = kPadding * size + outside(kind, size);
  return {block.width / 2 - a - more, block.height / 2 - b - more, 2 * (a + more), 2 * (b + more)};
}

std::vector<std::vector<Point>> balloon_outlines(const PlacedLettering& placed) {
  const Box& box = placed.outline;
  if (placed.kind == LetteringKind::caption)
    return {{{box.x, box.y}, {box.right(), box.y}, {box.right(), box.bottom()}, {box.x, box.bottom()}}};
  const Point center = box.center();
  const double inset = outside(placed.kind, placed.size);
  const double a = box.width / 2 - inset, b = box.height / 2 - inset;
  if (placed.kind == LetteringKind::burst) return {burst(center, a, b, placed.size)};
  std::vector<std::vector<Point>> outlines;
  if (placed.kind == LetteringKind::thought)
    outlines = cloud(center, a, b, placed.size);
  else
    outlines.push_back(even_points(center, a, b, kPoints));
  if (!placed.has_tail) return outlines;
  const double dx = placed.tail.x - center.x, dy = placed.tail.y - center.y;
  if (placed.kind == LetteringKind::speech) {
    outlines.push_back(
        tail_wedge(center, placed.tail, std::min(kTailWidth * placed.size * 1.6, 0.4 * std::min(a, b))));
    return outlines;
  }
  const Point edge =
      on_superellipse(center, a + kBump * placed.size, b + kBump * placed.size, std::atan2(dy, dx));
  for (const auto& [part, radius] : {std::pair{0.25, 0.42}, {0.6, 0.3}, {0.92, 0.18}})
    outlines.push_back(
        circle({edge.x + part * (placed.tail.x - edge.x), edge.y + part * (placed.tail.y - edge.y)},
               radius * placed.size));
  return outlines;
}

}  // namespace sumi::page
