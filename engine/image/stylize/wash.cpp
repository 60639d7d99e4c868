// Style wash: watercolor.
//
//   coarse  anisotropic Kuwahara filter with a wide brush, at half size
//   fine    the same with a small brush, laid only where the coarse layer misses the picture
//           (Hertzmann 1998: "Painterly rendering with curved brush strokes of multiple sizes") and
//           on skin
//   washes  calm grounds, which the brushes leave as the photograph has them (skies, mist), in
//           faint steps of lightness whose borders wander: one wash laid over another
//   light   midtones opened, lights bleeding into their surroundings, the color script
//   edges   pigment gathers where a wash ends: density of pigment (Bousseau, Kaplan, Thollot,
//           Sillion, "Interactive watercolor rendering with temporal coherence and abstraction",
//           2006)
//   paper   grain and turbulent flow in the same density
//   line    soft, a dark shade of the color below
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/kuwahara.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/noise.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/tones.h"

namespace sumi::stylize {
namespace {

constexpr FlowOptions kFlow{.sigma = 2.0F, .wide_sigma = 6.0F, .wide_weight = 0.1F, .coherence = true};

// A color where pigment lies denser (more > 0) or thinner by the part `more`: L, and the factor of
// a and b.
inline float denser(float L, float more) {
  const float l = clamp(0.01F * L, 0.0F, 1.0F);
  return 100.0F * clamp(l - (l - l * l) * more, 0.0F, 1.0F);
}

inline float opened(float L, float lift) {
  const float l = clamp(0.01F * L, 0.0F, 1.0F);
  return 100.0F * (l + lift * 4.0F * l * (1.0F - l) * (1.0F - 0.5F * l));
}

// Lightness in steps of kWash, each a wash that ends in a soft border; `amount` of the way.
constexpr float kWash = 8, kNear = 0.8F, kFar = 3.6F;
inline float laid_in_washes(float L, float wander, float amount) {
  const float at = (L + wander) * (1.0F / kWash), below = std::floor(at);
  const float stepped = (below + smoothstep(0.36F, 0.64F, at - below)) * kWash - wander;
  return mix(L, stepped, amount);
}

// Displacement of the washes' borders, in units of L. `top`: first row of the window.
Plane wandering(int width, int height, float s, int top) {
  return map([](float near, float far) { return kNear * near + kFar * far; },
             smooth_noise(width, height, 14 * s, 21, 0, top),
             smooth_noise(width, height, 52 * s, 22, 0, top));
}

// Inputs of paint() besides the image, all of the image's size.
struct Guides {
  Lab coarse;
  Flow flow;
  Plane busy, skin, face, glow, calm, wander;
};

class WashFilter final : public Filter {
 public:
  WashFilter(const RgbView& picture, const StyleOptions& options, const StyleValues& values);

  int halo() const override { return static_cast<int>(28 * front_.full_s) + 8; }
  const StyleStatistics& statistics() const override { return front_.statistics; }
  Layers layers(const Window& window) const override;
  Rgb compose(const Layers& layers, const Window& window) const override;
  Rgb flat(const Layers& layers, const Window&) const override { return to_rgb(layers.flat); }

 private:
  Guides guides(const Window& window) const;
  Lab paint(const Lab& lab, const Guides& guides, float s) const;
  Plane lines(double strength) const;

  Front front_;
  const float brush_, lift_, bloom_, washes_, chroma_, wet_, grain_, flow_, opacity_;
  Lab coarse_, paint_;  // of half the working size, and of the working size
  Flow edges_;          // of the working size
  Plane glow_, calm_;   // of half the working size
  Plane line_;          // of the working size
};

WashFilter::WashFilter(const RgbView& picture, const StyleOptions& options, const StyleValues& values)
    : front_(make_front(picture, options, {.max_gain = 1.5F, .flatten = false})),
      brush_(static_cast<float>(values.at("detail"))),
      lift_(static_cast<float>(values.at("lift"))),
      bloom_(static_cast<float>(values.at("bloom"))),
      washes_(static_cast<float>(values.at("washes"))),
      chroma_(static_cast<float>(values.at("color"))),
      wet_(static_cast<float>(values.at("edges"))),
      grain_(static_cast<float>(values.at("grain"))),
      flow_(static_cast<float>(values.at("flow"))),
      opacity_(0.42F * line_opacity(values.at("line"))) {
  const float half_s = 0.5F * front_.s;
  const Lab half = halve(front_.lab);
  const auto wide = static_cast<float>(values.at("brush"));
  coarse_ = kuwahara(half, tensor_flow(half.L, half_s, kFlow), wide * half_s, KuwaharaRings::three);
  const float lift = lift_;
  glow_ = blur(map([lift](float L) { return opened(L, lift); }, coarse_.L), 14 * half_s);
  // Slopes of lightness, per pixel at scale 1, below which a ground is calm.
  calm_ = blur(map([half_s](float slope) { return 1.0F - smoothstep(0.25F, 1.0F, slope * half_s); },
                   gradient_length(blur(coarse_.L, 3 * half_s))),
               5 * half_s);
  if (!options.statistics) front_.statistics.chroma = mean_chroma(coarse_);
  edges_ = tensor_flow(blur(front_.lab.L, 0.3F * front_.s), front_.s, kFlow);
  const int width = front_.lab.width(), height = front_.lab.height();
  paint_ = paint(front_.lab,
                 {resize_linear(coarse_, width, height),
                  {edges_.x.copy(), edges_.y.copy(), edges_.coherence.copy()},
                  front_.busy.copy(),
                  front_.skin.copy(),
                  front_.face.empty() ? Plane() : front_.face.copy(),
                  resize_linear(glow_, width, height),
                  resize_linear(calm_, width, height),
                  wandering(width, height, front_.s, 0)},
                 front_.s);
  line_ = lines(values.at("line"));
}

// Lines are sought in the painting, with a third of the photograph.
Plane WashFilter::lines(double strength) const {
  LineSource source;
  source.lightness = map([](float L, float a, float b,
                            float photo) { return mix(L, photo, 0.35F) - 0.2F * std::sqrt(a * a + b * b); },
                         paint_.L, paint_.a, paint_.b, front_.lab.L);
  return ink_lines(
      source, front_.s, front_.tex,
      with_strength({.low = 0.0048F, .high = 0.018F, .fine_sigma = 0.7F, .bold = 0.45F}, strength));
}

// Directions do not mix, but those of twice the angle do.
Guides WashFilter::guides(const Window& window) const {
  Guides guides;
  guides.coarse = resize_linear(coarse_, window.width, window.height, window.first, window.rows);
  Plane cosine =
      window_plane(front_, map([](float x, float y) { return x * x - y * y; }, edges_.x, edges_.y), window);
  Plane sine =
      window_plane(front_, map([](float x, float y) { return 2.0F * x * y; }, edges_.x, edges_.y), window);
  const auto half_cosine = [](float c, float s) {
    const float d = std::sqrt(c * c + s * s);
    return clamp(0.5F + 0.5F * c / (d > 1e-12F ? d : 1e-12F), 0.0F, 1.0F);
  };
  guides.flow.x = map([=](float c, float s) { return std::sqrt(half_cosine(c, s)); }, cosine, sine);
  guides.flow.y = map(
      [=](float c, float s) {
        const float y = std::sqrt(1.0F - half_cosine(c, s));
        return s < 0.0F ? -y : y;
      },
      cosine, sine);
  guides.flow.coherence = window_plane(front_, edges_.coherence, window);
  guides.busy = window_plane(front_, front_.busy, window);
  guides.skin = window_plane(front_, front_.skin, window);
  if (!front_.face.empty()) guides.face = window_plane(front_, front_.face, window);
  guides.glow = resize_linear(glow_, window.width, window.height, window.first, window.rows);
  guides.calm = resize_linear(calm_, window.width, window.height, window.first, window.rows);
  guides.wander = wandering(window.width, window.rows, front_.full_s, window.first);
  return guides;
}

Lab WashFilter::paint(const Lab& lab, const Guides& guides, float s) const {
  const Lab& coarse = guides.coarse;
  Lab painting = kuwahara(blur(lab, 0.3F * s), guides.flow, brush_ * s, KuwaharaRings::two);
  const Plane missed =
      map([](float L, float a, float b, float cL, float ca,
             float cb) { return std::sqrt(square(L - cL) + square(a - ca) + square(b - cb)); },
          painting.L, painting.a, painting.b, coarse.L, coarse.a, coarse.b);
  const Plane fine = blur(map(
                              [](float e, float busy, float skin) {
                                const float m = smoothstep(7.0F, 20.0F, e * (1.0F - 0.35F * busy));
                                return m > 0.5F * skin ? m : 0.5F * skin;
                              },
                              blur(missed, 1.2F * s), guides.busy, guides.skin),
                          s);
  painting = mixed(coarse, painting, fine);
  const float lift = lift_, bloom = bloom_, washes = washes_;
  change(
      painting.L,
      [=](float L, float calm, float wander, float skin, float busy) {
        // Not on skin, not in leaves and grass, and not in darks, where steps look like blots.
        const float where = calm * (1.0F - skin) * (1.0F - busy) * smoothstep(25.0F, 50.0F, L);
        return laid_in_washes(L, wander, washes * where);
      },
      guides.calm, guides.wander, guides.skin, guides.busy);
  change(
      painting.L,
      [=](float L, float glow) {
        return 100.0F - (100.0F - opened(L, lift)) * (1.0F - bloom * smoothstep(45.0F, 95.0F, glow));
      },
      guides.glow);
  grade(painting, front_.statistics.chroma, {.chroma = chroma_, .shadow = {3, -9}, .light = {0.5F, 4}});
  const Plane face = guides.face.empty() ? Plane(lab.width(), lab.height(), 0.0F) : guides.face.copy();
  const float wet = 0.9F * wet_;
  const Plane edge = map(
      [=](float narrow, float wide, float face) {
        return wet * clamp((wide - narrow) * (1.0F / 14), 0.0F, 0.5F) * (1.0F - 0.6F * face);
      },
      blur(painting.L, s), blur(painting.L, 3.5F * s), face);
  change(
      painting.L, [](float L, float more) { return denser(L, more); }, edge);
  const auto stronger = [](float x, float more) { return x * (1.0F + 0.5F * more); };
  change(painting.a, stronger, edge);
  change(painting.b, stronger, edge);
  return painting;
}

Layers WashFilter::layers(const Window& window) const {
  const float opacity = opacity_;
  Plane line = window_line(front_, line_, window);
  change(line, [opacity](float x) { return x * opacity; });
  if (front_.reduction > 1)
    return {paint(window_lab(front_, window), guides(window), front_.full_s), std::move(line), {}};
  return {{crop_rows(paint_.L, window.first, window.rows), crop_rows(paint_.a, window.first, window.rows),
           crop_rows(paint_.b, window.first, window.rows)},
          std::move(line),
          {}};
}

Rgb WashFilter::compose(const Layers& layers, const Window& window) const {
  const float s = front_.full_s, granulation = 0.045F * grain_, flow = flow_;
  const Plane grain = paper(window.width, window.rows, s, 1, 0, window.first);
  const Plane turbulence = paper(window.width, window.rows, 7 * s, 9, 0, window.first);
  const Lab shade = blur(layers.flat, s);
  const Plane cover =
      map([=](float line, float turb) { return line * (0.85F + 0.15F * clamp(turb, -1.0F, 1.0F)); },
          layers.line, turbulence);
  const auto color = [=](float x, float g, float turb, float below, float line) {
    return mix(x * (1.0F + 0.5F * (granulation * g + 0.07F * flow * turb)), below, line);
  };
  Lab picture;
  picture.L = map(
      [=](float L, float g, float turb, float below, float line) {
        return mix(denser(L, granulation * g + 0.07F * flow * turb) + 0.7F * flow * turb, 0.4F * below, line);
      },
      layers.flat.L, grain, turbulence, shade.L, cover);
  picture.a = map([=](float a, float g, float turb, float below,
                      float line) { return color(a, g, turb, below + 2.0F, line); },
                  layers.flat.a, grain, turbulence, shade.a, cover);
  picture.b = map([=](float b, float g, float turb, float below,
                      float line) { return color(b, g, turb, below + 1.0F, line); },
                  layers.flat.b, grain, turbulence, shade.b, cover);
  return to_rgb(picture);
}

}  // namespace

StyleEntry wash_style() {
  return {{"wash",
           "watercolor: patches of two brushes, wet edges, paper",
           {line_parameter(),
            {"brush", 11, 3, 24, "radius of the wide brush, in pixels where the short side has 512"},
            {"detail", 4.5, 1.5, 10, "radius of the small brush, in pixels where the short side has 512"},
            {"color", 1.34, 0, 3, "chroma gain"},
            {"washes", 0.8, 0, 1, "how far calm grounds are laid in steps"},
            {"lift", 0.11, 0, 0.3, "how far midtones are opened"},
            {"bloom", 0.22, 0, 0.8, "how far lights bleed"},
            {"edges", 1, 0, 3, "pigment that gathers at edges"},
            {"grain", 2, 0, 5, "strength of the paper's grain"},
            {"flow", 1.3, 0, 4, "unevenness of the washes"}},
           false},
          [](const RgbView& picture, const StyleOptions& options, const StyleValues& values)
              -> std::unique_ptr<Filter> { return std::make_unique<WashFilter>(picture, options, values); }};
}

}  // namespace sumi::stylize
