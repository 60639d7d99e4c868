// Style wash: watercolor.
//
//   coarse  anisotropic Kuwahara filter with a wide brush, at half size
//   fine    the same with a small brush, laid only where the coarse layer misses the image
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

// Of the slow form: the wide brush's radius over the fast form's, and the radius of a brush laid a
// second time over that of the first.
constexpr float kWiderBrush = 1.6F, kAgain = 0.6F;

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

// Smooth planes that decide how paint is laid, at the working size or of a window.
struct Guides {
  Plane fine;    // cover of the small brush
  Plane calm;    // where ground is laid in washes
  Plane wander;  // wandering()
  Plane glow;    // lightness of the surroundings
};

class WashFilter final : public Filter {
 public:
  WashFilter(const RgbView& image, const StyleOptions& options, const StyleValues& values);

  int halo() const override {
    return static_cast<int>((1.6F * (best_ ? 1 + kAgain : 1) * brush_ + 7) * front_.full_s) + 8;
  }
  const StyleStatistics& statistics() const override { return front_.statistics; }
  Layers layers(const Window& window) const override;
  Rgb compose(const Layers& layers, const Window& window) const override;
  Rgb flat(const Layers& layers, const Window&) const override { return to_rgb(layers.flat); }
  Layers teacher(const Window& window) const override {
    return {layers(window).flat, window_line(front_, line_, window), {}};
  }

 private:
  Lab middle_brush(float wide) const;
  Plane calm_ground() const;
  Plane lines(const StyleValues& values) const;
  Flow window_flow(const Window& window) const;
  Lab small_brush(const Lab& lab, const Flow& flow, float s) const;
  Lab paint(const Lab& coarse, const Lab& fine, const Guides& guides) const;
  void gather_pigment(Lab& painting, const Plane& wide, const Plane& face, float s) const;
  Lab finished(const Window& window) const;

  Plane kept(float on_skin, float on_face) const;

  Front front_;
  const bool best_;
  const float brush_, lift_, bloom_, washes_, chroma_, cast_, wet_, grain_, flow_, opacity_;
  Lab coarse_;  // the wide brush, at half the working size
  Lab base_;    // of the slow form: all but the small brush
  Flow edges_;  // this and all below of the working size
  Guides guides_;
  Lab painting_;
  Plane wide_, line_;  // wide_: lightness of the painting, blurred
};

WashFilter::WashFilter(const RgbView& image, const StyleOptions& options, const StyleValues& values)
    : front_(make_front(image, options, {.max_gain = 1.5F, .flatten = false})),
      best_(options.best),
      brush_(static_cast<float>(values.at("detail"))),
      lift_(static_cast<float>(values.at("lift"))),
      bloom_(static_cast<float>(values.at("bloom"))),
      washes_(static_cast<float>(values.at("washes"))),
      chroma_(static_cast<float>(values.at("color"))),
      cast_(static_cast<float>(values.at("cast"))),
      wet_(static_cast<float>(values.at("edges"))),
      grain_(static_cast<float>(values.at("grain"))),
      flow_(static_cast<float>(values.at("flow"))),
      opacity_(0.42F * line_opacity(values.at("line"))) {
  const float s = front_.s, half_s = 0.5F * s, lift = lift_;
  const int width = front_.lab.width(), height = front_.lab.height();
  const Lab half = halve(front_.lab);
  const auto wide = static_cast<float>(values.at("brush")) * (best_ ? kWiderBrush : 1);
  coarse_ = kuwahara(half, tensor_flow(half.L, half_s, kPaintFlow), wide * half_s, KuwaharaRings::three);
  if (best_)
    coarse_ = kuwahara(coarse_, tensor_flow(coarse_.L, half_s, kPaintFlow), kAgain * wide * half_s,
                       KuwaharaRings::three);
  if (!options.statistics) front_.statistics.chroma = mean_chroma(coarse_);
  edges_ = tensor_flow(blur(front_.lab.L, 0.3F * s), s, kPaintFlow);
  if (best_) base_ = middle_brush(wide);
  const Lab coarse = resize_linear(best_ ? base_ : coarse_, width, height),
            fine = small_brush(front_.lab, edges_, s);
  guides_.fine = best_ ? missed_paint(front_, coarse, fine, 6, 16, kept(0.45F, 0.85F))
                       : missed_paint(front_, coarse, fine, 7, 20, kept(0.5F, 0));
  guides_.calm = calm_ground();
  guides_.wander = wandering(width, height, s, 0);
  guides_.glow = resize_linear(blur(map([lift](float L) { return opened(L, lift); }, coarse_.L), 14 * half_s),
                               width, height);
  painting_ = paint(coarse, fine, guides_);
  wide_ = blur(painting_.L, 3.5F * s);
  gather_pigment(painting_, wide_, front_.face, s);
  line_ = lines(values);
}

// Least cover of a finer brush.
Plane WashFilter::kept(float on_skin, float on_face) const {
  Plane keep = map([on_skin](float skin) { return on_skin * skin; }, front_.skin);
  if (!front_.face.empty())
    change(
        keep, [on_face](float k, float face) { return std::max(k, on_face * face); }, front_.face);
  return keep;
}

// A brush of half the width over the wide one, each laid twice.
Lab WashFilter::middle_brush(float wide) const {
  const float radius = 0.5F * wide * front_.s;
  const Lab once = kuwahara(front_.lab, edges_, radius, KuwaharaRings::three);
  const Lab middle = kuwahara(once, edges_, kAgain * radius, KuwaharaRings::three);
  const Lab coarse = resize_linear(coarse_, front_.lab.width(), front_.lab.height());
  return mixed(coarse, middle, missed_paint(front_, coarse, middle, 5, 14, kept(0.4F, 0.6F)));
}

// Ground that is calm by its slope (of L, per pixel at scale 1), and is neither skin nor leaves.
Plane WashFilter::calm_ground() const {
  const float half_s = 0.5F * front_.s;
  const Plane slope = gradient_length(blur(coarse_.L, 3 * half_s));
  const Plane calm =
      blur(map([half_s](float g) { return 1.0F - smoothstep(0.25F, 1.0F, g * half_s); }, slope), 5 * half_s);
  return map([](float c, float skin, float busy) { return c * (1.0F - skin) * (1.0F - busy); },
             resize_linear(calm, front_.lab.width(), front_.lab.height()), front_.skin, front_.busy);
}

// Lines are sought in the painting, with a third of the photograph.
Plane WashFilter::lines(const StyleValues& values) const {
  LineSource source;
  source.lightness = map([](float L, float a, float b,
                            float photo) { return mix(L, photo, 0.35F) - 0.2F * std::sqrt(a * a + b * b); },
                         painting_.L, painting_.a, painting_.b, front_.lab.L);
  return ink_lines(source, front_.s, front_.tex,
                   drawn_with({.low = 0.0048F, .high = 0.018F, .fine_sigma = 0.7F, .bold = 0.45F}, values));
}

// Directions cannot be averaged, but those of twice the angle can.
Flow WashFilter::window_flow(const Window& window) const {
  const Plane cosine =
      window_plane(front_, map([](float x, float y) { return x * x - y * y; }, edges_.x, edges_.y), window);
  const Plane sine =
      window_plane(front_, map([](float x, float y) { return 2.0F * x * y; }, edges_.x, edges_.y), window);
  const auto squared_x = [](float c, float s) {
    const float d = std::sqrt(c * c + s * s);
    return clamp(0.5F + 0.5F * c / (d > 1e-12F ? d : 1e-12F), 0.0F, 1.0F);
  };
  const auto y_of = [=](float c, float s) {
    const float y = std::sqrt(1.0F - squared_x(c, s));
    return s < 0.0F ? -y : y;
  };
  return {map([=](float c, float s) { return std::sqrt(squared_x(c, s)); }, cosine, sine),
          map(y_of, cosine, sine), window_plane(front_, edges_.coherence, window)};
}

Lab WashFilter::small_brush(const Lab& lab, const Flow& flow, float s) const {
  Lab once = kuwahara(blur(lab, 0.3F * s), flow, brush_ * s, KuwaharaRings::two);
  return best_ ? kuwahara(once, flow, kAgain * brush_ * s, KuwaharaRings::two) : std::move(once);
}

// Both layers, washes on calm ground, light and color.
Lab WashFilter::paint(const Lab& coarse, const Lab& fine, const Guides& guides) const {
  Lab painting = mixed(coarse, fine, guides.fine);
  const float lift = lift_, bloom = bloom_, washes = washes_;
  change(
      painting.L,
      [=](float L, float calm, float wander, float glow) {
        // Not in darks, where steps look like blots.
        const float amount = washes * calm * smoothstep(25.0F, 50.0F, L);
        const float light = opened(laid_in_washes(L, wander, amount), lift);
        return 100.0F - (100.0F - light) * (1.0F - bloom * smoothstep(45.0F, 95.0F, glow));
      },
      guides.calm, guides.wander, guides.glow);
  grade(
      painting, front_.statistics.chroma,
      {.chroma = chroma_, .shadow = {3 * cast_, -9 * cast_}, .light = {0.5F, 4}, .most = 1 + 0.45F * cast_});
  return painting;
}

// Pigment gathers on the dark side of edges, where a narrow blur of L is below a wide one; less so
// in faces. `face` may be empty.
void WashFilter::gather_pigment(Lab& painting, const Plane& wide, const Plane& face, float s) const {
  const float wet = 0.9F * wet_;
  Plane edge = map([=](float narrow, float w) { return wet * clamp((w - narrow) * (1.0F / 14), 0.0F, 0.5F); },
                   blur(painting.L, s), wide);
  if (!face.empty())
    change(
        edge, [](float e, float f) { return e * (1.0F - 0.6F * f); }, face);
  change(
      painting.L, [](float L, float more) { return denser(L, more); }, edge);
  const auto stronger = [](float x, float more) { return x * (1.0F + 0.5F * more); };
  change(painting.a, stronger, edge);
  change(painting.b, stronger, edge);
}

// The painting in a window of an image that is larger than the working size: the small brush at
// full size, all else enlarged.
Lab WashFilter::finished(const Window& window) const {
  const auto smooth = [&](const Plane& x) { return window_plane(front_, x, window); };
  const Lab coarse =
      resize_linear(best_ ? base_ : coarse_, window.width, window.height, window.first, window.rows);
  const Lab fine = small_brush(window_lab(front_, window), window_flow(window), front_.full_s);
  Lab painting =
      paint(coarse, fine,
            {smooth(guides_.fine), smooth(guides_.calm),
             wandering(window.width, window.rows, front_.full_s, window.first), smooth(guides_.glow)});
  gather_pigment(painting, smooth(wide_), front_.face.empty() ? Plane() : smooth(front_.face), front_.full_s);
  return painting;
}

Layers WashFilter::layers(const Window& window) const {
  const float opacity = opacity_;
  Plane line = window_line(front_, line_, window);
  change(line, [opacity](float x) { return x * opacity; });
  if (front_.reduction > 1) return {finished(window), std::move(line), {}};
  const auto rows = [&](const Plane& x) { return crop_rows(x, window.first, window.rows); };
  return {{rows(painting_.L), rows(painting_.a), rows(painting_.b)}, std::move(line), {}};
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
  Lab image;
  image.L = map(
      [=](float L, float g, float turb, float below, float line) {
        return mix(denser(L, granulation * g + 0.07F * flow * turb) + 0.7F * flow * turb, 0.4F * below, line);
      },
      layers.flat.L, grain, turbulence, shade.L, cover);
  image.a = map([=](float a, float g, float turb, float below,
                    float line) { return color(a, g, turb, below + 2.0F, line); },
                layers.flat.a, grain, turbulence, shade.a, cover);
  image.b = map([=](float b, float g, float turb, float below,
                    float line) { return color(b, g, turb, below + 1.0F, line); },
                layers.flat.b, grain, turbulence, shade.b, cover);
  return to_rgb(image);
}

}  // namespace

StyleEntry wash_style() {
  return {{"wash",
           "watercolor: patches of two brushes, wet edges, paper",
           {line_parameter(),
            {"brush", 11, 3, 24, "radius of the wide brush, in pixels where the short side has 512"},
            {"detail", 4.5, 1.5, 10, "radius of the small brush, in pixels where the short side has 512"},
            {"color", 1.34, 0, 3, "chroma gain"},
            {"cast", 0.6, 0, 2, "how far shadows turn blue and pale images gain color"},
            {"washes", 0.8, 0, 1, "how far calm grounds are laid in steps"},
            {"lift", 0.11, 0, 0.3, "how far midtones are opened"},
            {"bloom", 0.22, 0, 0.8, "how far lights bleed"},
            {"edges", 1, 0, 3, "pigment that gathers at edges"},
            {"grain", 2, 0, 5, "strength of the paper's grain"},
            {"flow", 1.3, 0, 4, "unevenness of the washes"}},
           false},
          [](const RgbView& image, const StyleOptions& options, const StyleValues& values)
              -> std::unique_ptr<Filter> { return std::make_unique<WashFilter>(image, options, values); }};
}

}  // namespace sumi::stylize
