// Balloons and captions: their places in a panel and their outlines.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/page/box.h"
#include "engine/page/lettering.h"
#include "kernels/base/check.h"

namespace sumi::page {

// A text as it is set: the size of its block and the boxes of its lines within the block.
struct TextBlock {
  double width = 0, height = 0;
  std::vector<Box> lines;
};

// Sets a text in letters of `size` pixels, in lines of at most `wrap` pixels (infinite: only at
// \n). A word that is wider makes the block wider.
using MeasureText = std::function<TextBlock(const std::string& text, double size, double wrap)>;

// The texts of a panel do not fit at the least size.
struct TextDoesNotFit : Error {
  using Error::Error;
};

// A panel with what its texts must keep away from. All in pixels of the page.
struct PanelScene {
  Box panel;
  std::vector<Box> faces;
  std::function<double(const Box&)> importance;  // share of the panel's importance in a box, 0 to 1
  bool right_to_left = false;                    // reading order of the texts
};

struct LetteringStyle {
  double size = 12;          // of the letters, pixels
  double least_scale = 0.7;  // of the size, for texts that do not fit otherwise
};

struct PlacedLettering {
  LetteringKind kind = LetteringKind::caption;
  std::string text;
  double size = 0, wrap = 0;  // for MeasureText
  Box block;                  // of the text
  Box outline;                // around the caption or the balloon without its tail; inside the panel
  bool has_tail = false;
  Point tail;  // its tip; inside the panel
};

// Places the texts of a panel in reading order. No text leaves the panel or overlaps another one.
// Balloons keep off the faces, or, where a face fills the panel, off its middle, and cover little
// that is important. Tails point to the lettering's speaker, to the nearest face, or to the most
// important part of a panel without faces. Throws TextDoesNotFit.
std::vector<PlacedLettering> place_letterings(const PanelScene& scene,
                                              const std::vector<Lettering>& letterings,
                                              const MeasureText& measure, const LetteringStyle& style);

// Closed outlines that together are the balloon or the caption: it is their union. Points are in
// pixels of the page.
std::vector<std::vector<Point>> balloon_outlines(const PlacedLettering& placed);

// The box of a balloon or a caption around a block at the origin.
Box balloon_box(LetteringKind kind, const TextBlock& block, double size);

}  // namespace sumi::page
