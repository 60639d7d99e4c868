// Rectangles of a page, in pixels of the page or in fractions of an image.
#pragma once

#include <algorithm>

namespace sumi::page {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double x = 0, y = 0, width = 0, height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  double area() const { return width * height; }
  Point center() const { return {x + width / 2, y + height / 2}; }
  bool operator==(const Box&) const = default;
};

// The common part; of zero width or height where there is none.
inline Box common(const Box& a, const Box& b) {
  const double x = std::max(a.x, b.x), y = std::max(a.y, b.y);
  return {x, y, std::max(0.0, std::min(a.right(), b.right()) - x),
          std::max(0.0, std::min(a.bottom(), b.bottom()) - y)};
}

inline bool overlap(const Box& a, const Box& b) {
  return common(a, b).area() > 0;
}

// Returns true if `inner` lies in `outer`, up to `slack` on each side.
inline bool contains(const Box& outer, const Box& inner, double slack = 1e-9) {
  return inner.x >= outer.x - slack && inner.y >= outer.y - slack && inner.right() <= outer.right() + slack &&
         inner.bottom() <= outer.bottom() + slack;
}

// The smallest box around both.
inline Box joined(const Box& a, const Box& b) {
  const double x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.right(), b.right()) - x, std::max(a.bottom(), b.bottom()) - y};
}

// Moves every side outward by `by`, or inward where it is negative.
inline Box grown(const Box& box, double by) {
  return {box.x - by, box.y - by, std::max(0.0, box.width + 2 * by), std::max(0.0, box.height + 2 * by)};
}

}  // namespace sumi::page
