// Text on a canvas, drawn by OpenImageIO.
#include <OpenImageIO/imagebuf.h>
#include <OpenImageIO/imagebufalgo.h>

#include <algorithm>
#include <cmath>

#include "engine/io/canvas.h"

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

}  // namespace

double Canvas::text_width(const std::string& text, int size) const {
  if (font() == "none" || text.empty()) return 0;
  const auto roi = OIIO::ImageBufAlgo::text_size(text, size * kOversample, font());
  return roi.defined() ? static_cast<double>(roi.width()) / kOversample : 0;
}

void Canvas::text(double x, double y, const std::string& text, int size, Rgb colour, Align align) {
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
