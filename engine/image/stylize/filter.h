// What a style implements (engine/image/stylize/style.h is what its users see).
#pragma once

#include <memory>
#include <string>

#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/plane.h"
#include "engine/image/stylize/style.h"

namespace sumi::stylize {

// Rows [first, first + rows) of a picture of width x height.
struct Window {
  int width = 0, height = 0, first = 0, rows = 0;
};

struct Layers {
  Lab flat;    // without lines; empty where a style's flat is paper
  Plane line;  // 0..1
  Plane tone;  // 0..1; empty where a style has none
};

// A style of one picture. Its constructor computes what needs the whole picture, at a reduced size where the picture is large (Front).
class Filter {
 public:
  Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  virtual ~Filter() = default;

  // Rows beyond a window that its result depends on.
  virtual int halo() const = 0;
  // Of the window's rows, as if they were the whole picture: whoever calls this gives `halo` more rows and cuts them off.
  virtual Layers layers(const Window& window) const = 0;
  // The picture of these layers, laid over each other.
  virtual Rgb compose(const Layers& layers, const Window& window) const = 0;
  // What style_layers() shows as flat.
  virtual Rgb flat(const Layers& layers, const Window& window) const = 0;
  // What teacher_planes() gives of the whole picture, where the options are those that it sets.
  virtual Layers teacher(const Window& window) const = 0;
  virtual const StyleStatistics& statistics() const = 0;
};

// `values` has every parameter of the style.
using MakeFilter = std::unique_ptr<Filter>(const RgbView& picture, const StyleOptions& options,
                                           const StyleValues& values);

// One line of the table in styles.cpp.
struct StyleEntry {
  StyleInfo info;
  MakeFilter* make;
};

// The style `name` of a picture. Errors as style_layers'.
std::unique_ptr<Filter> make_filter(const std::string& name, const RgbView& picture,
                                    const StyleOptions& options);
// Rows [first, first + rows) of the finished picture, with the halo that they need.
Rgb finished_rows(const Filter& filter, const RgbView& picture, int first, int rows);

// Helpers of the styles.
// "line": how strong the lines are. Up to 1 their opacity, above it lower thresholds as well: more lines, and heavier ones.
StyleParameter line_parameter();
float line_opacity(double strength);
LineOptions with_strength(LineOptions lines, double strength);
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
