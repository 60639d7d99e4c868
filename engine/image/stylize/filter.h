// The interface that a style implements. Users of styles include engine/image/stylize/style.h.
#pragma once

#include <memory>
#include <string>

#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/plane.h"
#include "engine/image/stylize/style.h"

namespace sumi::stylize {

// Rows [first, first + rows) of an image of width x height.
struct Window {
  int width = 0, height = 0, first = 0, rows = 0;
};

struct Layers {
  Lab flat;    // without lines; empty where a style's flat is paper
  Plane line;  // 0..1
  Plane tone;  // 0..1; empty where a style has none
};

// A style of one image. Its constructor computes what needs the whole image, at a reduced size
// where the image is large (Front).
class Filter {
 public:
  Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  virtual ~Filter() = default;

  // Rows beyond a window that its result depends on.
  virtual int halo() const = 0;
  // Layers of the window's rows, as if they were the whole image: the caller adds `halo` rows on each
  // side and cuts them off.
  virtual Layers layers(const Window& window) const = 0;
  // The image of these layers, laid over each other.
  virtual Rgb compose(const Layers& layers, const Window& window) const = 0;
  // StyleLayers::flat.
  virtual Rgb flat(const Layers& layers, const Window& window) const = 0;
  // What teacher_planes() gives of the whole image, where the options are those that it sets.
  virtual Layers teacher(const Window& window) const = 0;
  virtual const StyleStatistics& statistics() const = 0;
};

// `values` has every parameter of the style.
using MakeFilter = std::unique_ptr<Filter>(const RgbView& image, const StyleOptions& options,
                                           const StyleValues& values);

// One line of the table in styles.cpp.
struct StyleEntry {
  StyleInfo info;
  MakeFilter* make;
};

// The style `name` of an image. Errors as style_layers'.
std::unique_ptr<Filter> make_filter(const std::string& name, const RgbView& image,
                                    const StyleOptions& options);
// Rows [first, first + rows) of the finished image, with the halo that they need.
Rgb finished_rows(const Filter& filter, const RgbView& image, int first, int rows);

// Helpers of the styles.

// Parameter "line", the strength of the lines. Up to 1 it is their opacity; above 1 it also lowers
// the thresholds, which gives more and heavier lines.
StyleParameter line_parameter();
float line_opacity(double strength);
// A style's lines by its parameters "line", the strength, and "hand" (lines.h).
LineOptions drawn_with(LineOptions lines, const StyleValues& values);
Rgb white_paper(const Window& window);
// Of this lightness, clamped to 0..100.
Lab gray_lab(const Plane& L);

StyleEntry ink_style();
StyleEntry manga_style();
StyleEntry wash_style();
StyleEntry pencil_style();
StyleEntry halftone_style();
StyleEntry ukiyo_style();

}  // namespace sumi::stylize
