// The module that sets text and paints pages: cairo, pango and the libraries behind them, opened
// when a page is made. sumi_page.so (engine/page/module).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "engine/page/box.h"
#include "kernels/base/check.h"

namespace sumi::page {

// The module is missing, does not load or belongs to another build.
struct PainterUnavailable : Error {
  using Error::Error;
};

struct Color {
  double red = 0, green = 0, blue = 0;  // sRGB, 0 to 1
};

// The letters of a page.
struct Typeface {
  std::string family;  // one family, or several by preference, separated by commas
  bool bold = false;
  std::string language;  // BCP 47 ("ja"), for the forms of shared characters; "": the environment's
};

// One text. Coordinates are in pixels of the page.
struct TextRun {
  std::string text;       // UTF-8, lines separated by \n
  double size = 0;        // of the letters (an em)
  double wrap = 0;        // length of the lines; infinite: only at \n
  bool centered = true;   // else from the start of the line
  bool vertical = false;  // lines from top to bottom, the first one at the right
};

struct TextExtents {
  double width = 0, height = 0;
  std::vector<Box> lines;  // within the block
  // The first character that no installed font has, in UTF-8; "": there is none.
  std::string missing;
};

struct PaintedImage {
  Box at;
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;  // [height, width, 3]
};

// The union of closed outlines, filled, with a line around it.
struct PaintedShape {
  std::vector<std::vector<Point>> outlines;
  Color fill, line;
  double line_width = 0;  // 0: none; lies outside of the fill's edge by half of it
  bool filled = true;
};

struct PaintedText {
  TextRun run;
  Box block;  // as TextExtents measures it
  Color color;
};

// In the order of painting, on white.
struct Drawing {
  int width = 0, height = 0;  // pixels
  Typeface typeface;
  std::vector<std::variant<PaintedImage, PaintedShape, PaintedText>> items;
};

// All that the module and the program call of each other.
struct Painter {
  // the module's SUMI_PAGE_STAMP: the version and a checksum of this header and box.h
  const char* stamp;
  // Throws Error "[font] ..." for a family that is not installed (of several, if all are missing)
  // and for a system without fonts.
  void (*check_typeface)(const Typeface& typeface);
  TextExtents (*measure)(const Typeface& typeface, const TextRun& run);
  // Returns [height, width, 3] sRGB.
  std::vector<std::uint8_t> (*paint)(const Drawing& drawing);
  // Writes a PDF of `count` pages, each with `points` points (1/72 inch) for a pixel. Text and
  // outlines are vectors. `page` is called once for each page, in order; the same drawings give the
  // same bytes.
  void (*paint_pdf)(int count, double points, const std::function<Drawing(int)>& page,
                    const std::function<void(const unsigned char*, std::size_t)>& write);
};

// The module's only symbol.
extern "C" const Painter* sumi_page();

// Loads the module at the first call. It is searched as the face detector is
// (engine/image/faces/face_finder.h); SUMI_PAGE names another file. Throws PainterUnavailable.
const Painter& painter();

}  // namespace sumi::page
