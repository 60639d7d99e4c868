// Antialiased lines and text on an image. Private to the image and data libraries.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/image/rgb.h"

namespace sumi::io {

struct Point {
  double x, y;
};
struct Box {
  double left, top, right, bottom;
};
enum class Align { left, center, right };

// Blends two levels; `amount` 0: under, 1: over.
inline std::uint8_t mix(std::uint8_t under, std::uint8_t over, float amount) {
  return static_cast<std::uint8_t>(
      std::lround(static_cast<float>(under) * (1 - amount) + static_cast<float>(over) * amount));
}

// Coordinates are in pixels of the image, (0, 0) its upper left corner.
class Canvas {
 public:
  Canvas(int width, int height, Rgb background);

  void fill(const Box& box, Rgb color);
  // Connected lines of width `thickness`, clipped to `clip`. A non-finite point ends a line; an
  // isolated point is a dot. opacity in [0, 1]: self-intersections do not become darker.
  void polyline(const std::vector<Point>& points, double thickness, Rgb color, double opacity,
                const Box& clip);
  // `y` is the vertical center of the text. Does nothing without a font.
  void text(double x, double y, const std::string& text, int size, Rgb color, Align align = Align::left);
  // The approximate width of text(); 0 without a font.
  double text_width(const std::string& text, int size) const;

  const Image8& image() const { return image_; }

 private:
  void segment(const Point& a, const Point& b, double radius, const Box& clip,
               std::vector<float>& cover) const;

  Image8 image_;
};

}  // namespace sumi::io
