#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/error.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/style.h"

namespace sumi::stylize {
namespace {

constexpr std::size_t kWhole = 2'500'000;  // pixels of a window
// With these a filter's own levels change nothing, and its colors are those of an image that is a
// little pale.
const StyleStatistics kTaughtStatistics{4, 99.5F, 55, {}, 22};

// Parameters of every style: the shared steps use them (front.h).
std::vector<StyleEntry> with_shared(std::vector<StyleEntry> entries) {
  for (StyleEntry& entry : entries)
    entry.info.parameters.insert(
        entry.info.parameters.end(),
        {{"structure", 1, 0, 1, "how far straight structure and faint contrasts are kept out of flattening"},
         {"hand", 0, 0, kLineHands - 1,
          "who draws the lines: 0 the style's own hand, 1 a fine pen, 2 a brush, 3 a quick hand"}});
  return entries;
}

const std::vector<StyleEntry>& table() {
  static const std::vector<StyleEntry> entries = with_shared(
      {ink_style(), manga_style(), wash_style(), pencil_style(), halftone_style(), ukiyo_style()});
  return entries;
}

const StyleEntry& find(const std::string& name) {
  std::string names;
  for (const StyleEntry& entry : table()) {
    if (entry.info.name == name) return entry;
    names += (names.empty() ? "" : ", ") + entry.info.name;
  }
  fail("--style", fmt::format("there is no {}; use {}", name, names));
}

StyleValues completed(const StyleInfo& style, const StyleValues& given) {
  StyleValues values;
  for (const StyleParameter& parameter : style.parameters) values[parameter.name] = parameter.value;
  for (const auto& [name, value] : given) {
    const auto known = std::find_if(style.parameters.begin(), style.parameters.end(),
                                    [&](const StyleParameter& parameter) { return parameter.name == name; });
    if (known == style.parameters.end()) {
      std::string names;
      for (const StyleParameter& parameter : style.parameters)
        names += (names.empty() ? "" : ", ") + parameter.name;
      fail("--style-set", fmt::format("{} has no {}; use {}", style.name, name, names));
    }
    if (!(value >= known->low && value <= known->high))
      fail("--style-set", fmt::format("{}={} is out of range; give a number from {} to {}", name, value,
                                      known->low, known->high));
    values[name] = value;
  }
  return values;
}

Rgb cropped(const Rgb& x, int first, int rows) {
  Rgb result;
  result.red = crop_rows(x.red, first, rows);
  result.green = crop_rows(x.green, first, rows);
  result.blue = crop_rows(x.blue, first, rows);
  return result;
}

}  // namespace

std::unique_ptr<Filter> make_filter(const std::string& name, const RgbView& image,
                                    const StyleOptions& options) {
  const StyleEntry& entry = find(name);
  if (image.width < 1 || image.height < 1) fail("convert", "the image has no pixels");
  StyleOptions full = options;
  full.values = completed(entry.info, options.values);
  return entry.make(image, full, full.values);
}

Rgb finished_rows(const Filter& filter, const RgbView& image, int first, int rows) {
  const int begin = std::max(first - filter.halo(), 0);
  const int end = std::min(first + rows + filter.halo(), image.height);
  const Window window{image.width, image.height, begin, end - begin};
  const Rgb part = filter.compose(filter.layers(window), window);
  return cropped(part, first - begin, rows);
}

StyleParameter line_parameter() {
  return {"line", 1, 0, 4, "strength of the lines: 0 none, above 1 more of them"};
}

float line_opacity(double strength) {
  return static_cast<float>(std::min(strength, 1.0));
}

LineOptions drawn_with(LineOptions lines, const StyleValues& values) {
  const auto more = static_cast<float>(std::max(values.at("line"), 1.0));
  lines.low /= more;
  lines.high /= more;
  return by_hand(lines, static_cast<int>(std::lround(values.at("hand"))));
}

Rgb white_paper(const Window& window) {
  Rgb paper;
  for (Plane* plane : {&paper.red, &paper.green, &paper.blue})
    *plane = Plane(window.width, window.rows, 1.0F);
  return paper;
}

Lab gray_lab(const Plane& L) {
  return {map([](float x) { return clamp(x, 0.0F, 100.0F); }, L), Plane(L.width(), L.height(), 0.0F),
          Plane(L.width(), L.height(), 0.0F)};
}

const std::vector<StyleInfo>& styles() {
  static const std::vector<StyleInfo> infos = [] {
    std::vector<StyleInfo> result;
    for (const StyleEntry& entry : table()) result.push_back(entry.info);
    return result;
  }();
  return infos;
}

const StyleInfo& style_info(const std::string& name) {
  return find(name).info;
}

StyleLayers style_layers(const std::string& name, const RgbView& image, const StyleOptions& options) {
  const PlaneMemory memory;
  const std::unique_ptr<Filter> filter = make_filter(name, image, options);
  const Window whole{image.width, image.height, 0, image.height};
  Layers layers = filter->layers(whole);
  StyleLayers result;
  result.flat = filter->flat(layers, whole);
  result.line = std::move(layers.line);
  result.tone = std::move(layers.tone);
  result.statistics = filter->statistics();
  return result;
}

TeacherPlanes teacher_planes(const std::string& name, const RgbView& leveled, const Plane* face, int hand) {
  // Off: what depends on a place on the page, or is done after the network (comic_finish.h).
  static const StyleValues kTaught{{"line", 4.0 / 3}, {"strokes", 0}, {"texture", 0},
                                   {"washes", 0},     {"sky", 0},     {"bokashi", 0}};
  const PlaneMemory memory;
  const StyleInfo& info = style_info(name);
  StyleOptions options;
  options.best = true;
  options.face = face;
  options.statistics = kTaughtStatistics;
  for (const StyleParameter& parameter : info.parameters)
    if (const auto value = kTaught.find(parameter.name); value != kTaught.end())
      options.values.insert(*value);
  options.values["hand"] = hand;
  const Window whole{leveled.width, leveled.height, 0, leveled.height};
  Layers layers = make_filter(name, leveled, options)->teacher(whole);
  return {to_rgb(layers.flat), std::move(layers.line)};
}

std::vector<std::uint16_t> apply_style(const std::string& name, const RgbView& image,
                                       const StyleOptions& options) {
  const PlaneMemory memory;
  const std::unique_ptr<Filter> filter = make_filter(name, image, options);
  const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
  std::vector<std::uint16_t> result(width * height * 3);
  const int band = width * height <= kWhole ? image.height
                                            : std::max(static_cast<int>(kWhole / width), 2 * filter->halo());
  for (int y = 0; y < image.height; y += band) {
    const int rows = std::min(band, image.height - y);
    store_rgb(finished_rows(*filter, image, y, rows),
              result.data() + static_cast<std::size_t>(y) * width * 3);
  }
  return result;
}

struct StyleDrawing::Parts {
  std::unique_ptr<Filter> filter;
  Window window;
  Layers layers;
};

StyleDrawing::StyleDrawing(const std::string& name, const RgbView& image, const StyleOptions& options)
    : parts_(std::make_unique<Parts>()) {
  const PlaneMemory memory;
  parts_->filter = make_filter(name, image, options);
  parts_->window = {image.width, image.height, 0, image.height};
  parts_->layers = parts_->filter->layers(parts_->window);
}
StyleDrawing::~StyleDrawing() = default;

const Plane& StyleDrawing::line() const {
  return parts_->layers.line;
}

std::vector<std::uint16_t> StyleDrawing::draw(const Plane& line) const {
  const PlaneMemory memory;
  const Layers& own = parts_->layers;
  Layers layers;
  if (!own.flat.L.empty()) layers.flat = own.flat.copy();
  if (!own.tone.empty()) layers.tone = own.tone.copy();
  layers.line = line.copy();
  std::vector<std::uint16_t> result(line.pixels() * 3);
  store_rgb(parts_->filter->compose(layers, parts_->window), result.data());
  return result;
}

StyleStatistics style_statistics(const std::string& name, const RgbView& image, const StyleOptions& options) {
  const PlaneMemory memory;
  return make_filter(name, image, options)->statistics();
}

}  // namespace sumi::stylize
