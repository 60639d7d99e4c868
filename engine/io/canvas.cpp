#include "engine/io/canvas.h"

#include <OpenImageIO/imagebuf.h>
#include <OpenImageIO/imagebufalgo.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace sumi::io {
namespace {

// Text is drawn large and shrunk: at these sizes that is smoother than the renderer's own edges.
constexpr int kOversample = 2;

const std::string& font() {
  static const std::string name = [] {
    for (const char* candidate : {"DejaVuSans", ""}) {  // "": what OpenImageIO finds by itself
      OIIO::ImageBuf probe(OIIO::ImageSpec(16, 16, 1, OIIO::TypeDesc::UINT8));
      if (OIIO::ImageBufAlgo::render_text(probe, 2, 12, "x", 10, candidate, 1.0F,
                                          OIIO::ImageBufAlgo::TextAlignX::Left,
                                          OIIO::ImageBufAlgo::TextAlignY::Baseline, 0, {}, 1))
        return std::string(candidate);
      probe.geterror();
    }
    return std::string("none");
  }();
  return name;
}

std::uint8_t mix(std::uint8_t under, std::uint8_t over, float amount) {
  return static_cast<std::uint8_t>(
      std::lround(static_cast<float>(under) * (1 - amount) + static_cast<float>(over) * amount));
}

}  // namespace

Canvas::Canvas(int width, int height, Colour background) : image_(width, height, 3) {
  for (std::size_t i = 0; i < image_.data.size(); ++i) image_.data[i] = background[i % 3];
}

void Canvas::fill(const Box& box, Colour colour) {
  const int x0 = std::max(0, static_cast<int>(std::lround(box.left))),
            y0 = std::max(0, static_cast<int>(std::lround(box.top)));
  const int x1 = std::min(image_.width, static_cast<int>(std::lround(box.right)));
  const int y1 = std::min(image_.height, static_cast<int>(std::lround(box.bottom)));
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) std::copy(colour.begin(), colour.end(), image_.at(x, y));
}

// Raises `cover` to how much of each pixel lies within `radius` of the segment.
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

void Canvas::polyline(const std::vector<Point>& points, double thickness, Colour colour, double opacity,
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
        pixel = mix(pixel, colour[c], cover[i] * static_cast<float>(opacity));
      }
}

double Canvas::text_width(const std::string& text, int size) const {
  if (font() == "none" || text.empty()) return 0;
  const auto roi = OIIO::ImageBufAlgo::text_size(text, size * kOversample, font());
  return roi.defined() ? static_cast<double>(roi.width()) / kOversample : 0;
}

void Canvas::text(double x, double y, const std::string& text, int size, Colour colour, Align align) {
  const int width = static_cast<int>(std::ceil(text_width(text, size)));
  if (width == 0) return;
  const int w = width + 8, h = 2 * size;
  OIIO::ImageBuf ink(OIIO::ImageSpec(w * kOversample, h * kOversample, 1, OIIO::TypeDesc::UINT8));
  OIIO::ImageBufAlgo::zero(ink, {}, 1);
  // Capitals are about 0.73 of the size high; this puts their middle on the line.
  const int baseline = static_cast<int>(std::lround((h / 2.0 + 0.36 * size) * kOversample));
  const bool ok = OIIO::ImageBufAlgo::render_text(ink, 4 * kOversample, baseline, text, size * kOversample,
                                                  font(), 1.0F, OIIO::ImageBufAlgo::TextAlignX::Left,
                                                  OIIO::ImageBufAlgo::TextAlignY::Baseline, 0, {}, 1);
  ink.geterror();
  if (!ok) return;
  Image8 mask(w * kOversample, h * kOversample, 1);
  ink.get_pixels(ink.roi(), OIIO::TypeDesc::UINT8, mask.data.data());
  mask = resize_image(mask, w, h, Filter::box);
  const double start = x - (align == Align::left ? 0 : align == Align::centre ? width / 2.0 : width) - 4;
  const int left = static_cast<int>(std::lround(start)), top = static_cast<int>(std::lround(y - h / 2.0));
  for (int j = std::max(0, -top); j < h && top + j < image_.height; ++j)
    for (int i = std::max(0, -left); i < w && left + i < image_.width; ++i)
      for (std::size_t c = 0; c < 3; ++c) {
        auto& pixel = image_.at(left + i, top + j)[c];
        pixel = mix(pixel, colour[c], static_cast<float>(*mask.at(i, j)) / 255.0F);
      }
}

}  // namespace sumi::io
