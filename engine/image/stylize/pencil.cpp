// Style pencil: graphite on paper. The flattened image says how dark, hatching says how that
// darkness is made.
//
//   tone    darkness that is wanted: half the flattened image with its detail, half the
//           photograph; reds darker and blues lighter than their lightness, as one draws them; skin
//           lighter
//   smear   smooth graphite under the strokes
//   strokes three layers of hatching; each begins at a darkness of its own (Praun, Hoppe, Webb,
//           Finkelstein 2001; tone and line together: Lu, Xu, Jia, "Combining sketch and tone for
//           pencil drawing production", 2012)
//   line    along edges (engine/image/stylize/lines.h), with thresholds lower than ink's: a pencil
//           line may be faint
//   grain   of the paper, in tone and line alike; graphite is never black
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/hatching.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/noise.h"

namespace sumi::stylize {
namespace {

struct PencilLayer {
  float turn;     // degrees from the first layer's direction
  float start;    // darkness at which its strokes begin
  float opacity;  // of a stroke
  std::uint32_t seed;
};
constexpr std::array<PencilLayer, 3> kHatching{
    {{0, 0.08F, 0.36F, 11}, {-88, 0.34F, 0.46F, 12}, {-40, 0.58F, 0.56F, 13}}};
constexpr float kHatchingRange = 0.46F;  // of darkness, from a layer's start to where it covers all
constexpr float kMostGraphite = 0.90F, kGraphiteL = 14;
constexpr std::array<float, 3> kSheet{98.5F, 0.2F, 2.6F};

class PencilFilter final : public Filter {
 public:
  PencilFilter(const RgbView& image, const StyleOptions& options, const StyleValues& values)
      : front_(make_front(image, options, {.max_gain = 1.9F})),
        mask_(detail_mask(front_)),
        dark_(static_cast<float>(values.at("dark"))),
        smear_(static_cast<float>(values.at("smear"))),
        strokes_(static_cast<float>(values.at("strokes"))),
        length_(static_cast<float>(values.at("length"))),
        angle_(static_cast<float>(values.at("angle"))),
        opacity_(0.84F * line_opacity(values.at("line"))),
        grain_(static_cast<float>(values.at("grain"))),
        texture_(static_cast<float>(values.at("texture"))) {
    const LineSource source =
        line_source(front_.lab, keep_detail(front_, mask_), front_.s, front_.tex, 0.75F);
    const LineOptions lines{.low = 0.0026F,
                            .high = 0.0120F,
                            .tex_raise = 1.0F,
                            .fine_sigma = 0.75F,
                            .bold_sigma = 1.3F,
                            .bold = 0.8F,
                            .min_area = 16};
    line_ = ink_lines(source, front_.s, front_.tex, drawn_with(lines, values));
    leaves_ = texture_ > 0 ? texture_strokes(front_.lab.L, front_.tex, front_.s)
                           : Plane(front_.lab.width(), front_.lab.height(), 0.0F);
  }

  int halo() const override { return static_cast<int>(8 * front_.full_s) + 8; }
  const StyleStatistics& statistics() const override { return front_.statistics; }
  Layers layers(const Window& window) const override;
  Rgb compose(const Layers& layers, const Window& window) const override;
  Rgb flat(const Layers& layers, const Window& window) const override;
  Layers teacher(const Window& window) const override;

 private:
  Plane graphite(const Plane& tone, const Window& window) const;

  Front front_;
  Plane mask_, line_, leaves_;
  const float dark_, smear_, strokes_, length_, angle_, opacity_, grain_, texture_;
};

Layers PencilFilter::layers(const Window& window) const {
  const Lab flat = window_flat(front_, window, &mask_);
  const Plane photo = blur(window_lab(front_, window).L, 0.8F * front_.full_s);
  const Plane skin = window_plane(front_, front_.skin, window);
  const float dark = dark_, leaves = texture_;
  Plane tone = map(
      [dark, leaves](float L, float a, float b, float photo_L, float skin, float leaf) {
        const float red = a > 0.0F ? a : 0.0F, blue = b < 0.0F ? -b : 0.0F;
        const float wanted = 0.5F * (L + photo_L) + 7.0F * skin - 0.10F * red * (1.0F - skin) + 0.18F * blue;
        const float tone = dark * pow_fast(clamp(1.0F - 0.01F * wanted, 0.0F, 1.0F), 1.12F);
        // Light strokes are spared from darks alone.
        const float depth = leaf > 0.0F ? 0.30F : 0.45F * smoothstep(0.4F, 0.75F, tone);
        return clamp(tone + leaves * depth * leaf, 0.0F, 1.0F);
      },
      flat.L, flat.a, flat.b, photo, skin, window_plane(front_, leaves_, window));
  const float opacity = opacity_;
  Plane line = window_line(front_, line_, window);
  change(line, [opacity](float x) { return x * opacity; });
  return {{}, std::move(line), std::move(tone)};
}

// Flatter than the filter's tone: only skin keeps a share of the photograph.
Layers PencilFilter::teacher(const Window& window) const {
  const Lab flat = window_flat(front_, window, &mask_);
  const Plane photo = blur(window_lab(front_, window).L, 0.8F * front_.full_s);
  const auto wanted = [](float L, float a, float b, float photo_L, float skin) {
    const float red = a > 0.0F ? a : 0.0F, blue = b < 0.0F ? -b : 0.0F;
    return mix(L, photo_L, 0.5F * skin) + 7.0F * skin - 0.10F * red * (1.0F - skin) + 0.18F * blue;
  };
  return {gray_lab(map(wanted, flat.L, flat.a, flat.b, photo, window_plane(front_, front_.skin, window))),
          window_line(front_, line_, window),
          {}};
}

// Cover of the paper by smear and strokes.
Plane PencilFilter::graphite(const Plane& tone, const Window& window) const {
  const float smear = 1.25F * smear_, s = front_.full_s;
  Plane cover = map([smear](float dark) { return smear * smoothstep(0.04F, 1.0F, dark); }, tone);
  for (const PencilLayer& layer : kHatching) {
    const Plane field = hatching(window.width, window.rows,
                                 {.angle = angle_ + layer.turn,
                                  .length = length_ * s,
                                  .width = 0.42F * std::max(s, 0.7F),
                                  .seed = layer.seed},
                                 0, window.first);
    const float start = layer.start, opacity = std::min(1.0F, layer.opacity * strokes_);
    change(
        cover,
        [start, opacity](float under, float dark, float threshold) {
          const float need = clamp((dark - start) * (1.0F / kHatchingRange), 0.0F, 1.0F);
          const float stroke =
              smoothstep(-0.34F, 0.34F, need * 1.2F - threshold - 0.08F) * smoothstep(0.0F, 0.10F, need);
          return 1.0F - (1.0F - under) * (1.0F - opacity * stroke);
        },
        tone, field);
  }
  return cover;
}

Rgb PencilFilter::compose(const Layers& layers, const Window& window) const {
  const Plane grain = paper(window.width, window.rows, front_.full_s, 1, 0, window.first);
  const float amount = grain_;
  const Plane cover = map(
      [amount](float tone, float line, float g) {
        const float in_tone = clamp(0.94F + 0.30F * amount * g, 0.3F, 1.3F),
                    in_line = clamp(0.92F + 0.22F * amount * g, 0.3F, 1.0F);
        return clamp(1.0F - (1.0F - tone * in_tone) * (1.0F - line * in_line), 0.0F, kMostGraphite);
      },
      graphite(layers.tone, window), layers.line, grain);
  Lab drawing(window.width, window.rows);
  drawing.L =
      map([amount](float k,
                   float g) { return mix(kSheet[0], kGraphiteL, k) - 0.8F * amount * clamp(g, -1.0F, 1.0F); },
          cover, grain);
  drawing.a = map([](float) { return kSheet[1]; }, cover);
  drawing.b = map([](float k) { return mix(kSheet[2], -1.0F, k); }, cover);
  return to_rgb(drawing);
}

Rgb PencilFilter::flat(const Layers& layers, const Window& window) const {
  return to_rgb(Lab(map([](float) { return kSheet[0]; }, layers.tone),
                    Plane(window.width, window.rows, kSheet[1]),
                    Plane(window.width, window.rows, kSheet[2])));
}

}  // namespace

StyleEntry pencil_style() {
  return {{"pencil",
           "graphite on paper: hatching in three directions and soft lines",
           {line_parameter(),
            {"dark", 1, 0.4, 1.8, "how dark the tones are"},
            {"strokes", 1, 0, 1.7, "strength of the hatching"},
            {"length", 20, 4, 60, "of a stroke, in pixels where the short side has 512"},
            {"angle", 52, -90, 90, "direction of the first strokes, degrees from the horizontal"},
            {"smear", 0.3, 0, 0.7, "smooth graphite under the strokes"},
            {"grain", 1, 0, 2, "strength of the paper's grain"},
            {"texture", 0.8, 0, 1, "strength of the strokes that stand for grass, leaves and fur"}},
           false,
           {.on_page = true}},
          [](const RgbView& image, const StyleOptions& options, const StyleValues& values)
              -> std::unique_ptr<Filter> { return std::make_unique<PencilFilter>(image, options, values); }};
}

}  // namespace sumi::stylize
