// Ink: flat colors in cel tones under dark lines.
#include <memory>
#include <utility>

#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/tones.h"

namespace sumi::stylize {
namespace {

class Ink : public Filter {
 public:
  Ink(const RgbView& image, const StyleOptions& options, const StyleValues& values)
      : front_(make_front(image, options)), values_(values) {
    detail_ = detail_mask(front_);
    const Lab detailed = keep_detail(front_, detail_);
    const Plane soft = map([](float skin) { return 0.4F * skin; }, front_.skin);
    LineOptions lines;
    lines.low = 0.0040F;
    lines.high = 0.0125F;
    line_ = ink_lines(line_source(front_.lab, detailed, front_.s, front_.tex), front_.s, front_.tex,
                      drawn_with(lines, values), &soft);
    if (values.at("strokes") > 0) strokes_ = texture_strokes(front_.lab.L, front_.tex, front_.s);
    slope_ = cel_slope(detailed.L, front_.s);
    if (options.statistics) return;
    front_.statistics.tones = tone_levels(detailed.L, static_cast<int>(values_.at("levels")));
    front_.statistics.chroma = mean_chroma(detailed);
  }

  int halo() const override { return static_cast<int>(8 * front_.full_s) + 8; }

  Layers layers(const Window& window) const override {
    Layers layers;
    layers.flat = window_flat(front_, window, &detail_);
    cel(layers.flat.L, window_plane(front_, slope_, window), front_.statistics.tones);
    if (!strokes_.empty()) lay_strokes(layers.flat.L, window);
    GradeOptions colors;
    colors.chroma = static_cast<float>(values_.at("color"));
    grade(layers.flat, front_.statistics.chroma, colors);
    layers.line = window_line(front_, line_, window);
    const float opacity = line_opacity(values_.at("line"));
    change(layers.line, [opacity](float line) { return line * opacity; });
    return layers;
  }

  Rgb compose(const Layers& layers, const Window&) const override {
    Lab image = layers.flat.copy();
    lay_line(image, layers.line, front_.full_s);
    return to_rgb(image);
  }

  Rgb flat(const Layers& layers, const Window&) const override { return to_rgb(layers.flat); }
  Layers teacher(const Window& window) const override { return layers(window); }
  const StyleStatistics& statistics() const override { return front_.statistics; }

 private:
  // Darker and lighter than the ground they lie on.
  void lay_strokes(Plane& L, const Window& window) const {
    const auto amount = static_cast<float>(values_.at("strokes"));
    change(
        L,
        [amount](float ground, float stroke) {
          return ground * (1.0F - amount * (stroke > 0.0F ? 0.5F : 0.22F) * stroke);
        },
        window_plane(front_, strokes_, window));
  }

  Front front_;
  StyleValues values_;
  Plane detail_, line_, slope_;
  Plane strokes_;  // empty where they are not wanted
};

}  // namespace

StyleEntry ink_style() {
  return {{"ink",
           "flat colors and ink lines",
           {line_parameter(),
            {"strokes", 0.6, 0, 1, "cover of the strokes that stand for grass, leaves and fur"},
            {"levels", 6, 2, 16, "tones of the whole image"},
            {"color", 1.30, 0, 3, "chroma gain"}},
           false},
          [](const RgbView& image, const StyleOptions& options, const StyleValues& values) {
            return std::unique_ptr<Filter>(std::make_unique<Ink>(image, options, values));
          }};
}

}  // namespace sumi::stylize
