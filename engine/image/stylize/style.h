// Styles: photographs become drawings without a network. Each style is a pure function from an image
// and its options to layers and a finished image.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/stylize/color.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Statistics of the whole image that a style uses. Passed in, they keep tiles and the images of a
// clip alike.
struct StyleStatistics {
  float low = 0, high = 100;  // the 0.5 and 99.5 percentiles of L
  float median = 50;          // of L
  std::vector<float> tones;   // levels of L, ascending; empty where a style has none
  float chroma = 24;          // mean chroma of what is colored
};

struct StyleParameter {
  std::string name;
  double value;      // the default
  double low, high;  // the range
  std::string text;  // one line for --help
};

// How each drawing of a clip is blended with the one before (engine/video/temporal.h), as measured
// for the style (docs/learn/11-flicker.md).
struct ClipBlend {
  double share = 0.9;    // of the drawing before
  bool on_page = false;  // dots or strokes stay on the page while things move below them
};

// Values by parameter, where they differ from the defaults.
using StyleValues = std::map<std::string, double>;

struct StyleOptions {
  StyleValues values;
  const Plane* face = nullptr;  // 0..1: faces, which keep their features; of any size, over the whole image
  std::optional<StyleStatistics> statistics;  // instead of the image's own
  // The slow form: texture as patches of paint instead of a blur, and for wash three brushes, each
  // laid twice. About three times the work.
  bool best = false;
  // The short side, in pixels, that lengths refer to: the width of lines, the size of strokes. 0: the
  // image's own. Images of several sizes with one value have lines of one width.
  int side = 0;
};

struct StyleLayers {
  Rgb flat;    // color (paper where a style has none) without lines
  Plane line;  // cover of the ink line, 0 to 1
  Plane tone;  // cover of ink before the screen or the hatching, 0 to 1; empty where a style has none
  StyleStatistics statistics;
};

struct StyleInfo {
  std::string name;
  std::string text;  // one line for --help
  std::vector<StyleParameter> parameters;
  bool gray = false;  // its images are black and white
  ClipBlend clip = {};
};

// All styles, in the order in which they are shown.
const std::vector<StyleInfo>& styles();
// Error "[--style] ..." with the names there are.
const StyleInfo& style_info(const std::string& name);

// Planes of the image's size. Errors as style_info's, and "[--style-set] ..." for a value that a
// style does not have or that is out of range. Images of any size from 1x1.
StyleLayers style_layers(const std::string& name, const RgbView& image, const StyleOptions& options = {});

// The finished image, [height, width, 3] of 16-bit sRGB levels. Errors as style_layers'. Above
// about 2.5 megapixels the image is analyzed at a reduced size and finished in bands of rows, so
// memory is little more than the result's.
std::vector<std::uint16_t> apply_style(const std::string& name, const RgbView& image,
                                       const StyleOptions& options = {});

// The drawing of one image in a style, for images that differ in their lines alone (sumi animate).
// The image must outlive it. Errors as style_layers'. Works on the whole image at once.
class StyleDrawing {
 public:
  StyleDrawing(const std::string& name, const RgbView& image, const StyleOptions& options = {});
  StyleDrawing(const StyleDrawing&) = delete;
  StyleDrawing& operator=(const StyleDrawing&) = delete;
  ~StyleDrawing();

  const Plane& line() const;  // StyleLayers::line
  // The finished image with another line layer of that size, as apply_style()'s.
  std::vector<std::uint16_t> draw(const Plane& line) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What a network can learn of a style (models/training/teachers.h): functions of a neighborhood.
struct TeacherPlanes {
  Rgb flat;    // color, or the tone as a gray, without lines, steps, strokes, sky, screen and paper
  Plane line;  // cover of the line, 0 to 1, before the style's opacity
};
// By the slow form, of an image behind its level curve (auto_levels.h), which gets no other. Lines
// have lower thresholds than the filter's: a network keeps to what is clear. `face` as in
// StyleOptions, `hand` below kLineHands (lines.h). Errors as style_layers'.
TeacherPlanes teacher_planes(const std::string& name, const RgbView& leveled, const Plane* face = nullptr,
                             int hand = 0);

// The statistics that style `name` uses, for the other images of a clip.
StyleStatistics style_statistics(const std::string& name, const RgbView& image,
                                 const StyleOptions& options = {});

}  // namespace sumi::stylize
