// Smooth lines and text on a picture. Private to the image and data libraries.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/image/plot.h"

namespace sumi::io {

struct Point {
  double x, y;
};
struct Box {
  double left, top, right, bottom;
};
enum class Align { left, center, right };

// `amount` 0: under, 1: over.
inline std::uint8_t mix(std::uint8_t under, std::uint8_t over, float amount) {
  return static_cast<std::uint8_t>(
      std::lround(static_cast<float>(under) * (1 - amount) + static_cast<float>(over) * amount));
}

// Coordinates are in pixels of the finished picture, (0, 0) its upper left corner.
class Canvas {
 public:
  Canvas(int width, int height, Rgb background);

  void fill(const Box& box, Rgb color);
  // Joined lines of width `thickness`, clipped to `clip`. A point that is not finite ends a line; a lone
  // point is a dot. opacity in [0, 1]: where the line crosses itself it does not get darker.
  void polyline(const std::vector<Point>& points, double thickness, Rgb color, double opacity,
                const Box& clip);
  // `y` is the middle of the line of text. Nothing happens without a font.
  void text(double x, double y, const std::string& text, int size, Rgb color, Align align = Align::left);
  // About how wide text() would be; 0 without a font.
  double text_width(const std::string& text, int size) const;

  const Image8& image() const { return image_; }

 private:
  void segment(const Point& a, const Point& b, double radius, const Box& clip,
               std::vector<float>& cover) const;

  Image8 image_;
};

}  // namespace sumi::io
