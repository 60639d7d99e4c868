#include "engine/image/canvas.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace sumi::io {
Canvas::Canvas(int width, int height, Rgb background) : image_(width, height, 3) {
  for (std::size_t i = 0; i < image_.data.size(); ++i) image_.data[i] = background[i % 3];
}

void Canvas::fill(const Box& box, Rgb color) {
  const int x0 = std::max(0, static_cast<int>(std::lround(box.left))),
            y0 = std::max(0, static_cast<int>(std::lround(box.top)));
  const int x1 = std::min(image_.width, static_cast<int>(std::lround(box.right)));
  const int y1 = std::min(image_.height, static_cast<int>(std::lround(box.bottom)));
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) std::copy(color.begin(), color.end(), image_.at(x, y));
}

// Raises `cover` to the coverage of each pixel by the area within `radius` of the segment.
void Canvas::segment(const Point& a, const Point& b, double radius, const Box& clip,
                     std::vector<float>& cover) const {
  const double reach = radius + 1;
  const int x0 = static_cast<int>(std::floor(std::max({0.0, clip.left, std::min(a.x, b.x) - reach})));
  const int x1 =
      static_cast<int>(std::ceil(std::min({double(image_.width), clip.right, std::max(a.x, b.x) + reach})));
  const int y0 = static_cast<int>(std::floor(std::max({0.0, clip.top, std::min(a.y, b.y) - reach})));
  const int y1 =
      static_cast<int>(std::ceil(std::min({double(image_.height), clip.bottom, std::max(a.y, b.y) + reach})));
  const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) {
      const double px = x + 0.5 - a.x, py = y + 0.5 - a.y;
      const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0.0;
      const double distance = std::hypot(px - t * dx, py - t * dy);
      const auto part = static_cast<float>(std::clamp(radius + 0.5 - distance, 0.0, 1.0));
      float& old = cover[static_cast<std::size_t>(y) * static_cast<std::size_t>(image_.width) +
                         static_cast<std::size_t>(x)];
      old = std::max(old, part);
    }
}

void Canvas::polyline(const std::vector<Point>& points, double thickness, Rgb color, double opacity,
                      const Box& clip) {
  std::vector<float> cover(image_.data.size() / 3, 0.0F);
  const auto good = [&](std::size_t i) {
    return i < points.size() && std::isfinite(points[i].x) && std::isfinite(points[i].y);
  };
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!good(i)) continue;
    if (good(i + 1))
      segment(points[i], points[i + 1], thickness / 2, clip, cover);
    else if (i == 0 || !good(i - 1))
      segment(points[i], points[i], thickness * 1.4, clip, cover);
  }
  for (std::size_t i = 0; i < cover.size(); ++i)
    if (cover[i] > 0)
      for (std::size_t c = 0; c < 3; ++c) {
        auto& pixel = image_.data[3 * i + c];
        pixel = mix(pixel, color[c], cover[i] * static_cast<float>(opacity));
      }
}

}  // namespace sumi::io
