// Manga: black lines, solid blacks and screened sheets of three grays (Qu, Pang, Wong, Heng,
// "Richness-preserving manga screening", 2008, has tones by region).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/components.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/screen.h"

namespace sumi::stylize {
namespace {

constexpr std::array<float, 3> kCovers{0.09F, 0.22F, 0.42F};  // of the sheets
constexpr std::array<float, 3> kCuts{70, 54, 39};             // tones below which they lie

// Tone for screening, about L: an S-curve; skin to the white of the paper, reds darker and blues
// lighter, as comic artists have it, which parts colors of one lightness.
Plane printed_tone(const Lab& flat, const Plane& skin) {
  return map(
      [](float lightness, float a, float b, float s) {
        const float L = lightness * 0.01F;
        const float curved = 100.0F * (L + 0.32F * L * (1.0F - L) * (2.0F * L - 1.0F));
        return curved + 12.0F * s - 0.05F * std::sqrt(a * a + b * b) - 0.14F * (a > 0.0F ? a : 0.0F) +
               0.22F * (b < 0.0F ? -b : 0.0F) + 4.0F;
      },
      flat.L, flat.a, flat.b, skin);
}

Plane inverted(const Plane& x) {
  return map([](float v) { return 1.0F - v; }, x);
}

// A sheet as a hand cuts it: no islands and no holes smaller than `area` pixels.
Plane cut_sheet(const Plane& x, double area) {
  return blur(inverted(drop_small(inverted(drop_small(x, area, 0.5F)), area, 0.5F)), 0.8F);
}

// White contours inside of black.
Plane white_lines(const Front& front) {
  const float s = front.s;
  const Plane& L = front.lab.L;
  constexpr float kFaintest = 0.006F;
  const Plane response = fdog(L, -0.01F, tensor_flow(blur(L, 0.8F * s), s), s, {0.9F, 1.0F, 4.0F, kFaintest});
  const Plane lines =
      map([](float d, float tex) { return smoothstep(kFaintest, 0.016F, d / (1.0F + 2.5F * tex)); }, response,
          front.tex);
  return drop_small(lines, std::max(8.0, std::floor(40.0 * s * s)), 0.35F);
}

class Manga : public Filter {
 public:
  Manga(const RgbView& image, const StyleOptions& options, const StyleValues& values)
      : front_(make_front(image, options, {2.0F, 0.38F, 7, true})),
        pitch_(std::max(4.0F, static_cast<float>(values.at("pitch")) * front_.full_s)),
        black_(static_cast<float>(values.at("black"))),
        opacity_(line_opacity(values.at("line"))) {
    const float s = front_.s;
    const Plane mask = detail_mask(front_);
    const Lab detailed = keep_detail(front_, mask);
    const Plane soft = map([](float skin) { return 0.3F * skin; }, front_.skin);
    LineOptions lines;
    lines.low = 0.0034F;
    lines.high = 0.0100F;
    lines.fine_sigma = 0.8F;
    lines.bold_sigma = 1.35F;
    line_ = ink_lines(line_source(front_.lab, detailed, s, front_.tex, 0.6F), s, front_.tex,
                      drawn_with(lines, values), &soft);
    const auto strokes = static_cast<float>(values.at("strokes"));
    if (strokes > 0)
      change(
          line_,
          [strokes](float line, float stroke) { return std::max(line, strokes * std::max(stroke, 0.0F)); },
          texture_strokes(front_.lab.L, front_.tex, s));
    const Plane printed = printed_tone(front_.flat, front_.skin);
    tone_ = map(
        [](float near, float wide, float tex, float with, float without) {
          const float tone = mix(near, wide, 0.8F * tex), detail = with - without;
          return detail < -4.0F ? tone + 1.6F * detail : tone;  // eyes and nostrils: solid black
        },
        blur(printed, 1.2F * s), blur(printed, 5 * s), front_.tex, detailed.L, front_.flat.L);
    const double area = std::max(20.0, std::floor(values.at("island") * s * s));
    for (std::size_t i = 0; i < kCuts.size(); ++i) {
      const float cut = kCuts[i];
      sheets_[i] = cut_sheet(
          map([cut](float t) { return 1.0F - smoothstep(cut - 1.0F, cut + 1.0F, t); }, tone_), area);
    }
    white_ = white_lines(front_);
  }

  int halo() const override { return static_cast<int>(6 * front_.full_s) + 8; }

  Layers layers(const Window& window) const override {
    Layers layers;
    const float black = black_, soft = 1.6F / static_cast<float>(front_.reduction);
    const Plane solid =
        map([black, soft](float t) { return 1.0F - smoothstep(black - soft, black + soft, t); },
            window_plane(front_, tone_, window));
    Plane cover(window.width, window.rows, 0.0F);
    for (std::size_t i = 0; i < kCuts.size(); ++i) {
      const float more = kCovers[i] - (i > 0 ? kCovers[i - 1] : 0.0F);
      change(
          cover, [more](float c, float sheet) { return c + more * sheet; },
          window_line(front_, sheets_[i], window));
    }
    const Plane paper =
        map([](float line, float around) { return 1.0F - line * smoothstep(0.2F, 0.7F, around); },
            window_line(front_, white_, window), blur(solid, 1.3F * front_.full_s));
    layers.tone =
        map([](float c, float b, float p) { return (c + (1.0F - c) * b) * p; }, cover, solid, paper);
    const float opacity = opacity_;
    layers.line = map([opacity](float line, float p) { return line * p * opacity; },
                      window_line(front_, line_, window), paper);
    return layers;
  }

  Rgb compose(const Layers& layers, const Window& window) const override {
    const Plane field = dots(window.width, window.rows, {pitch_, 45, 0, 0}, 0, window.first);
    const float soft = 0.9F / pitch_;
    Rgb image;
    // Dots stay a hair away from lines. Where the tone is darker than the darkest sheet it is solid
    // black.
    image.red = map(
        [soft](float tone, float threshold, float line, float near) {
          const float sheet = clamp(tone, 0.0F, kCovers[2]);
          const float dot = screened(sheet, threshold, soft) * (1.0F - 0.8F * smoothstep(0.05F, 0.6F, near));
          const float solid = (tone - sheet) * (1.0F / (1.0F - kCovers[2]));
          const float ink = dot > solid ? dot : solid;
          return 1.0F - (ink > line ? ink : line);
        },
        layers.tone, field, layers.line, blur(layers.line, 0.9F * front_.full_s));
    image.green = image.red.copy();
    image.blue = image.red.copy();
    return image;
  }

  Rgb flat(const Layers&, const Window& window) const override { return white_paper(window); }
  // The tone before it is cut into sheets.
  Layers teacher(const Window& window) const override {
    return {gray_lab(window_plane(front_, tone_, window)), window_line(front_, line_, window), {}};
  }
  const StyleStatistics& statistics() const override { return front_.statistics; }

 private:
  Front front_;
  float pitch_, black_, opacity_;
  Plane line_, tone_, white_;
  std::array<Plane, kCuts.size()> sheets_;
};

}  // namespace

StyleEntry manga_style() {
  return {{"manga",
           "black lines, solid blacks and dots of three grays",
           {line_parameter(),
            {"strokes", 0.8, 0, 1, "cover of the strokes that stand for grass, leaves and fur"},
            {"pitch", 4.6, 1, 40, "from dot to dot, in pixels where the short side has 512"},
            {"black", 27, 0, 100, "lightness below which it is solid black"},
            {"island", 170, 0, 10000, "smallest piece of a gray, in pixels where the short side has 512"}},
           true,
           {.on_page = true}},
          [](const RgbView& image, const StyleOptions& options, const StyleValues& values) {
            return std::unique_ptr<Filter>(std::make_unique<Manga>(image, options, values));
          }};
}

}  // namespace sumi::stylize
