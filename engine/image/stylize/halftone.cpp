// Style halftone: an old comic printed in three inks and black.
//
//   flat    the flattened image in six tones, strong colors, a little lighter
//   plates  cyan, magenta and yellow: the part of each that the color needs, less a share of what
//           all three have in common, in steps of about 0, 22, 48, 78 and 100 % (Ben Day's sheets),
//           screened with round dots at 15, 75 and 0 degrees; grays are dots of black at 45
//           degrees, because three inks of which none leads make rosettes with colored fringes
//   key     solid black where the image is near black, in dark detail (eyes), and the line
//   print   inks multiply the light that cream paper gives back
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/screen.h"
#include "engine/image/stylize/tones.h"

namespace sumi::stylize {
namespace {

// Light (red, green, blue) reflected by a full cover of cyan, magenta and yellow.
constexpr std::array<std::array<float, 3>, 3> kInks{
    {{0.03F, 0.66F, 0.92F}, {0.91F, 0.12F, 0.47F}, {1.0F, 0.88F, 0.10F}}};
// Their screens, and black's.
constexpr std::array<DotScreen, 4> kScreens{{{.degrees = 15},
                                             {.degrees = 75, .phase_u = 0.13F, .phase_v = 0.29F},
                                             {.degrees = 0, .phase_u = 0.26F, .phase_v = 0.58F},
                                             {.degrees = 45}}};
constexpr std::array<float, 3> kCream{0.985F, 0.965F, 0.915F}, kKey{0.07F, 0.05F, 0.09F};
// Grays are printed in a thin black, with larger dots: full black would be louder than the colors.
constexpr std::array<float, 3> kGray{0.27F, 0.26F, 0.30F};
constexpr float kGrayCover = 1.2F;
constexpr std::array<float, 5> kBenDay{0, 0.22F, 0.48F, 0.78F, 1};
constexpr int kFlatTones = 6;

inline float least(float a, float b, float c) {
  const float d = a < b ? a : b;
  return d < c ? d : c;
}
// Ink that takes a channel of the light away.
inline float ink_of(float channel) {
  return 1.0F - pow_fast(channel, 0.9F);
}

// Cover of a plate for an amount of ink, moved toward the steps of kBenDay by `steps`.
class PlateCurve {
 public:
  explicit PlateCurve(float steps) {
    for (int i = 0; i <= kCells; ++i) {
      const float wanted = clamp((static_cast<float>(i) / kCells - 0.07F) * (1.0F / 0.83F), 0.0F, 1.0F);
      cover_[static_cast<std::size_t>(i)] =
          mix(wanted, soft_steps(wanted, kBenDay.data(), kBenDay.size(), 18.0F), steps);
    }
  }
  float operator()(float ink) const {
    const float at = clamp(ink, 0.0F, 1.0F) * (kCells - 0.001F);
    const int cell = static_cast<int>(at);
    return mix(cover_[cell], cover_[cell + 1], at - static_cast<float>(cell));
  }

 private:
  static constexpr int kCells = 512;
  float cover_[kCells + 1];
};

// Ink printed on a pixel by a plate of this cover, 0 to 1.
inline float printed(float cover, float threshold, float soft) {
  const float dot = screened(cover, threshold, soft), solid = smoothstep(0.92F, 0.98F, cover);
  return dot > solid ? dot : solid;
}
// Light of a channel that three inks let through.
template <int channel>
inline float through(float cyan, float magenta, float yellow) {
  return (1.0F - cyan * (1.0F - kInks[0][channel])) * (1.0F - magenta * (1.0F - kInks[1][channel])) *
         (1.0F - yellow * (1.0F - kInks[2][channel]));
}

class HalftoneFilter final : public Filter {
 public:
  HalftoneFilter(const RgbView& image, const StyleOptions& options, const StyleValues& values)
      : front_(make_front(image, options, {.max_gain = 1.9F})),
        mask_(detail_mask(front_)),
        pitch_(static_cast<float>(values.at("pitch"))),
        chroma_(static_cast<float>(values.at("color"))),
        curve_(static_cast<float>(values.at("steps"))),
        under_(static_cast<float>(values.at("under"))),
        grays_(static_cast<float>(values.at("grays"))),
        strokes_(static_cast<float>(values.at("strokes"))),
        opacity_(line_opacity(values.at("line"))) {
    const Plane soft = map([](float skin) { return 0.3F * skin; }, front_.skin);
    line_ = ink_lines(
        line_source(front_.lab, keep_detail(front_, mask_), front_.s, front_.tex, 0.6F), front_.s, front_.tex,
        drawn_with({.low = 0.0034F, .high = 0.0100F, .fine_sigma = 0.9F, .bold_sigma = 1.7F}, values), &soft);
    slope_ = cel_slope(front_.flat.L, front_.s);
    if (strokes_ > 0) leaves_ = texture_strokes(front_.lab.L, front_.tex, front_.s);
    if (options.statistics) return;
    front_.statistics.tones = tone_levels(front_.flat.L, kFlatTones);
    front_.statistics.chroma = mean_chroma(front_.flat);
  }

  int halo() const override { return static_cast<int>(8 * front_.full_s) + 8; }
  const StyleStatistics& statistics() const override { return front_.statistics; }
  Layers layers(const Window& window) const override;
  Rgb compose(const Layers& layers, const Window& window) const override;
  Rgb flat(const Layers& layers, const Window&) const override { return to_rgb(layers.flat); }
  Layers teacher(const Window& window) const override;

 private:
  void color(Lab& flat, const Window& window) const;

  Front front_;
  Plane mask_, line_, slope_, leaves_;
  const float pitch_, chroma_;
  const PlateCurve curve_;
  const float under_, grays_, strokes_, opacity_;
};

// The color script: strong, and a little lighter.
void HalftoneFilter::color(Lab& flat, const Window& window) const {
  grade(flat, front_.statistics.chroma, {.chroma = chroma_, .shadow = {0, 0}, .light = {0, 0}});
  change(
      flat.L, [](float L, float on_skin) { return clamp(L * 1.03F + 5.0F + 4.0F * on_skin, 0.0F, 100.0F); },
      window_plane(front_, front_.skin, window));
}

Layers HalftoneFilter::layers(const Window& window) const {
  Lab flat = window_flat(front_, window, nullptr);
  const Plane detail = map([](float mask, float fine, float L) { return mask * (fine - L); },
                           window_plane(front_, mask_, window),
                           blur(window_lab(front_, window).L, 0.5F * front_.full_s), flat.L);
  cel(flat.L, window_plane(front_, slope_, window), front_.statistics.tones, {.amount = 0.6F, .sharp = 0.5F});
  color(flat, window);
  lay_texture(flat.L, front_, leaves_, strokes_, window);
  const Rgb printed = to_rgb(flat);
  Plane key = map(
      [](float red, float green, float blue, float detail) {
        const float gray = least(ink_of(red), ink_of(green), ink_of(blue));
        const float dark = smoothstep(0.66F, 0.74F, gray),
                    eye = smoothstep(6.0F, 16.0F, -detail) * smoothstep(0.25F, 0.45F, gray);
        return dark > eye ? dark : eye;
      },
      printed.red, printed.green, printed.blue, detail);
  const float opacity = opacity_;
  Plane line = window_line(front_, line_, window);
  change(line, [opacity](float x) { return x * opacity; });
  return {std::move(flat), std::move(line), std::move(key)};
}

// With the detail in the color, since there is no plane of solid black.
Layers HalftoneFilter::teacher(const Window& window) const {
  Lab flat = window_flat(front_, window, &mask_);
  color(flat, window);
  return {std::move(flat), window_line(front_, line_, window), {}};
}

Rgb HalftoneFilter::compose(const Layers& layers, const Window& window) const {
  Rgb print = to_rgb(layers.flat);
  const float pitch = std::max(3.6F, pitch_ * front_.full_s), soft = 1 / pitch;
  std::array<Plane, kScreens.size()> screens;
  for (std::size_t i = 0; i < kScreens.size(); ++i) {
    DotScreen screen = kScreens[i];
    screen.pitch = pitch;
    screens[i] = dots(window.width, window.rows, screen, 0, window.first);
  }
  const float under = 0.4F * under_, grays = grays_;
  const int width = window.width;
  for_rows(window.rows, [&, under, grays, soft, width](int begin, int end, int) {
    const PlateCurve curve = curve_;
    for (int y = begin; y < end; ++y) {
      const float *line = layers.line.row(y), *solid = layers.tone.row(y), *a = layers.flat.a.row(y),
                  *b = layers.flat.b.row(y);
      const float *c_dots = screens[0].row(y), *m_dots = screens[1].row(y), *y_dots = screens[2].row(y),
                  *k_dots = screens[3].row(y);
      float* __restrict red = print.red.row(y);
      float* __restrict green = print.green.row(y);
      float* __restrict blue = print.blue.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const float c = ink_of(red[x]), m = ink_of(green[x]), ye = ink_of(blue[x]), gray = least(c, m, ye);
        const float chroma = std::sqrt(a[x] * a[x] + b[x] * b[x]);
        // Dark grays keep their inks: white dots in black would be too loud.
        const float neutral =
            grays * (1.0F - smoothstep(5.0F, 12.0F, chroma)) * (1.0F - smoothstep(0.45F, 0.65F, gray));
        const float removed = gray * mix(under * (1.0F - smoothstep(0.5F, 0.7F, gray)), 1.0F, neutral);
        const float cyan = printed(curve(c - removed), c_dots[x], soft);
        const float magenta = printed(curve(m - removed), m_dots[x], soft);
        const float yellow = printed(curve(ye - removed), y_dots[x], soft);
        const float gray_dot = printed(curve(kGrayCover * gray * neutral), k_dots[x], soft);
        const float key = line[x] > solid[x] ? line[x] : solid[x];
        const float r = mix(kCream[0] * through<0>(cyan, magenta, yellow), kGray[0], gray_dot);
        const float g = mix(kCream[1] * through<1>(cyan, magenta, yellow), kGray[1], gray_dot);
        const float bl = mix(kCream[2] * through<2>(cyan, magenta, yellow), kGray[2], gray_dot);
        red[x] = mix(r, kKey[0], key);
        green[x] = mix(g, kKey[1], key);
        blue[x] = mix(bl, kKey[2], key);
      }
    }
  });
  return print;
}

}  // namespace

StyleEntry halftone_style() {
  return {{"halftone",
           "an old comic's print: dots of three inks, black lines",
           {line_parameter(),
            {"pitch", 5, 2, 24, "from dot to dot, in pixels where the short side has 512"},
            {"color", 1.5, 0, 3, "chroma gain"},
            {"steps", 0.75, 0, 1, "how far inks keep to the steps of Ben Day's sheets"},
            {"under", 0.5, 0, 1, "how much thinner inks lie that only make gray together"},
            {"strokes", 0.7, 0, 1, "strength of the strokes that stand for grass, leaves and fur"},
            {"grays", 1, 0, 1, "how far grays are dots of black instead of all three inks"}},
           false,
           {.on_page = true}},
          [](const RgbView& image, const StyleOptions& options,
             const StyleValues& values) -> std::unique_ptr<Filter> {
            return std::make_unique<HalftoneFilter>(image, options, values);
          }};
}

}  // namespace sumi::stylize
