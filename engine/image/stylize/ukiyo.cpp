// Style ukiyo: a Japanese woodblock print.
//
//   flat     the flattened image with its detail in five tones, pulled toward fourteen pigments
//            of woodblock prints: the nearer one is, the more it pulls; hue follows it further than
//            lightness does
//   sky      light, calm ground that is connected with the upper edge and is no foliage: cream that
//            turns rose toward the horizon, Prussian blue wiped on along the top (bokashi). Where
//            the lower edge is the same it is the backdrop of a portrait: it gets the plain cream
//            ground that portraits have in this art
//   line     thin, in indigo
//   grain    long horizontal fibers of the baren's pressure, and paper
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/noise.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/tones.h"

namespace sumi::stylize {
namespace {

using Pigment = std::array<float, 3>;                        // L, a, b
constexpr std::array<Pigment, 14> kPigments{{{93, 1, 9},     // washi
                                             {86, 3, 20},    // cream
                                             {70, 10, 42},   // ocher
                                             {54, 46, 38},   // vermilion
                                             {38, 24, 22},   // brick
                                             {76, 16, 10},   // rose
                                             {62, -10, 20},  // sage
                                             {36, -14, 12},  // pine
                                             {78, -8, 6},    // celadon
                                             {80, -5, -8},   // pale blue
                                             {48, -4, -32},  // Prussian blue
                                             {25, 3, -24},   // indigo
                                             {63, 0, 4},     // gray
                                             {14, 1, -3}}};  // ink
constexpr Pigment kSkyTop{88, 1, 12}, kSkyHorizon{83, 10, 24}, kPrussian{41, -3, -34},
    kIndigoLine{17, 0, -10};
constexpr float kPigmentReach = 7;  // Lab units in which a pigment's pull falls to 1 / e

// Sky at a quarter of the working size.
struct Sky {
  Plane cover;     // 0..1
  Lab color;       // of the sky around
  Plane near;      // 0..1: how much sky is around
  float backdrop;  // how sure it is that all of it is a backdrop, 0..1
};

// Returns the confidence, 0 to 1, that the sky is a backdrop: it continues to the lower edge beside
// the subject, and most of that edge resembles the upper one. `ground`: light and calm pixels;
// `sky`: the part of them that is connected to the upper edge.
float backdrop_share(const Lab& color, const Plane& ground, const Plane& sky) {
  const int width = sky.width(), height = sky.height(), strip = std::max(1, height / 10);
  float sum = 0, L = 0, a = 0, b = 0;
  for (int y = 0; y < strip; ++y)
    for (int x = 0; x < width; ++x) {
      const float w = sky.row(y)[x];
      sum += w;
      L += w * color.L.row(y)[x];
      a += w * color.a.row(y)[x];
      b += w * color.b.row(y)[x];
    }
  if (sum <= 0) return 0;
  float alike = 0, reached = 0;
  for (int y = height - strip; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float distance =
          std::sqrt(square(color.L.row(y)[x] - L / sum) + square(color.a.row(y)[x] - a / sum) +
                    square(color.b.row(y)[x] - b / sum));
      reached += sky.row(y)[x];
      alike += ground.row(y)[x] * (1 - smoothstep(8, 20, distance));
    }
  return smoothstep(0.92F, 1.04F, (alike + reached) / sum);
}

// Fills `ground` from the upper edge: each row continues the one above, and from there goes aside
// as far as the ground does. A scan of single columns would end in a stripe below each cloud and
// tower.
Plane reached_from_top(const Plane& ground) {
  const int width = ground.width();
  Plane reached = ground.copy();
  for (int y = 1; y < ground.height(); ++y) {
    const float *above = reached.row(y - 1), *here = ground.row(y);
    float* row = reached.row(y);
    for (int x = 0; x < width; ++x) row[x] = std::min(here[x], above[x]);
    for (int x = 1; x < width; ++x) row[x] = std::max(row[x], std::min(here[x], row[x - 1]));
    for (int x = width - 2; x >= 0; --x) row[x] = std::max(row[x], std::min(here[x], row[x + 1]));
  }
  return reached;
}

Sky sky_from_top(const Front& front) {
  const int width = front.flat.width(), height = front.flat.height();
  const int small_width = std::min(width, std::max(8, width / 4)),
            small_height = std::min(height, std::max(8, height / 4));
  const Lab color = resize_area(front.flat, small_width, small_height);
  Plane ground = map(
      [](float L, float a, float b, float slope, float tex) {
        const float leaf = smoothstep(3.0F, 10.0F, -a) * smoothstep(4.0F, 14.0F, b);
        return smoothstep(40.0F, 58.0F, L) * (1.0F - leaf) * (1.0F - smoothstep(2.0F, 5.0F, slope)) *
               (1.0F - smoothstep(0.1F, 0.4F, tex));
      },
      color.L, color.a, color.b, gradient_length(color.L), resize_area(front.tex, small_width, small_height));
  ground = blur(ground, 2 * front.s);
  const Plane sky = reached_from_top(ground);
  const float backdrop = backdrop_share(color, ground, sky);
  Plane near = blur(sky, 5 * front.s);
  const auto around = [&](const Plane& x) {
    const Plane sum = blur(map([](float v, float w) { return v * w; }, x, sky), 5 * front.s);
    return map([](float v, float w) { return v / (w > 1e-4F ? w : 1e-4F); }, sum, near);
  };
  Lab mean(around(color.L), around(color.a), around(color.b));
  return {blur(sky, 3 * front.s), std::move(mean), std::move(near), backdrop};
}

// Cover of the sky at the working size. The blurred cover fades before it reaches the subject,
// which would leave a halo: pixels near it that have the color of the sky around belong to it. Warm
// ground, sunset or table, and skin keep their color.
Plane sky_cover(const Sky& sky, const Front& front) {
  const Lab& flat = front.flat;
  const int width = flat.width(), height = flat.height();
  const Lab around = resize_linear(sky.color, width, height);
  const Plane alike = map(
      [](float L, float a, float b, float sky_L, float sky_a, float sky_b) {
        return 1.0F - smoothstep(square(5.0F), square(14.0F),
                                 0.5F * square(L - sky_L) + square(a - sky_a) + square(b - sky_b));
      },
      flat.L, flat.a, flat.b, around.L, around.a, around.b);
  return map(
      [](float cover, float near, float alike, float skin, float yellow) {
        const float joined = smoothstep(0.15F, 0.4F, near) * alike;
        return clamp(cover > joined ? cover : joined, 0.0F, 1.0F) * (1.0F - skin) *
               (1.0F - smoothstep(18.0F, 38.0F, yellow));
      },
      resize_linear(sky.cover, width, height), resize_linear(sky.near, width, height), alike, front.skin,
      blur(flat.b, 6 * front.s));
}

// Depth of the sky as a fraction of the height: the mean over columns, weighted by their cover. One
// depth for all of them, because the printer wipes straight across the block.
float sky_depth(const Plane& sky) {
  double sum = 0, weights = 0;
  for (int x = 0; x < sky.width(); ++x) {
    float end = 0, cover = 0;
    for (int y = 0; y < sky.height(); ++y) {
      const float here = sky.row(y)[x];
      end = std::max(end, here * static_cast<float>(y + 1));
      cover += here;
    }
    sum += double(end) * double(cover);
    weights += double(cover);
  }
  return weights > 0 ? std::max(0.15F, static_cast<float>(sum / weights / sky.height())) : 1.0F;
}

class UkiyoFilter final : public Filter {
 public:
  UkiyoFilter(const RgbView& image, const StyleOptions& options, const StyleValues& values)
      : front_(make_front(image, options, {.max_gain = 1.8F, .range_sigma = 8})),
        mask_(detail_mask(front_, {.dead = 8})),
        pull_(static_cast<float>(values.at("pull"))),
        bokashi_(static_cast<float>(values.at("bokashi"))),
        sky_tint_(static_cast<float>(values.at("sky"))),
        grain_(static_cast<float>(values.at("grain"))),
        strokes_(static_cast<float>(values.at("strokes"))),
        opacity_(0.9F * line_opacity(values.at("line"))) {
    const Lab source = keep_detail(front_, mask_);
    line_ = ink_lines(
        line_source(front_.lab, source, front_.s, front_.tex), front_.s, front_.tex,
        drawn_with({.low = 0.0042F, .high = 0.0120F, .fine_sigma = 0.75F, .bold_sigma = 1.25F}, values));
    slope_ = cel_slope(source.L, front_.s);
    const Sky found = sky_from_top(front_);
    sky_ = sky_cover(found, front_);
    backdrop_ = found.backdrop;
    depth_ = sky_depth(found.cover);
    if (strokes_ > 0) leaves_ = texture_strokes(front_.lab.L, front_.tex, front_.s);
    if (options.statistics) return;
    front_.statistics.tones = tone_levels(source.L, static_cast<int>(values.at("levels")));
    front_.statistics.chroma = mean_chroma(source);
  }

  int halo() const override { return static_cast<int>(8 * front_.full_s) + 8; }
  const StyleStatistics& statistics() const override { return front_.statistics; }
  Layers layers(const Window& window) const override;
  Rgb compose(const Layers& layers, const Window& window) const override;
  Rgb flat(const Layers& layers, const Window&) const override { return to_rgb(layers.flat); }
  Layers teacher(const Window& window) const override {
    return {layers(window).flat, window_line(front_, line_, window), {}};
  }

 private:
  void add_pigments(Lab& color) const;
  void add_sky(Lab& color, const Window& window) const;

  Front front_;
  Plane mask_, line_, slope_, leaves_, sky_;
  float backdrop_, depth_;
  const float pull_, bokashi_, sky_tint_, grain_, strokes_, opacity_;
};

void UkiyoFilter::add_pigments(Lab& color) const {
  const int width = color.width();
  const float pull = pull_;
  for_rows(color.height(), [&, width, pull](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      float* __restrict L = color.L.row(y);
      float* __restrict a = color.a.row(y);
      float* __restrict b = color.b.row(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        float sum_L = 0, sum_a = 0, sum_b = 0, sum = 0;
        for (const Pigment& p : kPigments) {
          const float distance =
              std::sqrt(0.5F * square(L[x] - p[0]) + square(a[x] - p[1]) + square(b[x] - p[2]));
          const float weight = exp_fast(distance * (-1.0F / kPigmentReach)) + 1e-9F;
          sum_L += weight * p[0];
          sum_a += weight * p[1];
          sum_b += weight * p[2];
          sum += weight;
        }
        const float scale = 1.0F / sum;
        L[x] = mix(L[x], sum_L * scale, 0.5F * pull);
        a[x] = mix(a[x], sum_a * scale, pull);
        b[x] = mix(b[x], sum_b * scale, pull);
      }
    }
  });
}

void UkiyoFilter::add_sky(Lab& color, const Window& window) const {
  const Plane sky = window_plane(front_, sky_, window);
  const int width = window.width;
  for_rows(window.rows, [&, width](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float down = static_cast<float>(window.first + y) / static_cast<float>(window.height);
      const float depth = clamp(down / depth_, 0.0F, 1.0F);
      const float horizon = smoothstep(0.55F, 1.0F, depth) * (1 - backdrop_), tint = 0.45F * sky_tint_;
      const float blue = (1 - smoothstep(0.0F, 0.55F, depth)) * bokashi_ * (1 - backdrop_);
      const float* amount = sky.row(y);
      const auto lay = [=](float* __restrict to, float ground, float prussian) {
#pragma omp simd
        for (int x = 0; x < width; ++x)
          to[x] = mix(mix(to[x], ground, tint * amount[x]), prussian, blue * amount[x]);
      };
      lay(color.L.row(y), mix(kSkyTop[0], kSkyHorizon[0], horizon), kPrussian[0]);
      lay(color.a.row(y), mix(kSkyTop[1], kSkyHorizon[1], horizon), kPrussian[1]);
      lay(color.b.row(y), mix(kSkyTop[2], kSkyHorizon[2], horizon), kPrussian[2]);
    }
  });
}

Layers UkiyoFilter::layers(const Window& window) const {
  Lab color = window_flat(front_, window, &mask_);
  cel(color.L, window_plane(front_, slope_, window), front_.statistics.tones,
      {.amount = 0.75F, .sharp = 0.45F});
  grade(color, front_.statistics.chroma, {.chroma = 1.25F, .shadow = {0, -3}, .light = {1, 4}});
  lay_texture(color.L, front_, leaves_, strokes_, window);
  add_pigments(color);
  add_sky(color, window);
  const float opacity = opacity_;
  Plane line = window_line(front_, line_, window);
  change(line, [opacity](float x) { return x * opacity; });
  return {std::move(color), std::move(line), {}};
}

// Fibers along the rows: noise that is 40 pixels wide.
Plane fibers(const Window& window, float s) {
  const int columns = std::max(2, window.width / 40);
  return blur(resize_cubic(white_noise(columns, window.rows, 5, 0, window.first), window.width, window.rows),
              0.8F * s);
}

Rgb UkiyoFilter::compose(const Layers& layers, const Window& window) const {
  const float wood = 3 * grain_, sheet = 0.9F * grain_;
  const Plane grain =
      map([=](float fiber, float paper) { return wood * (fiber - 0.5F) + sheet * paper; },
          fibers(window, front_.full_s), paper(window.width, window.rows, front_.full_s, 3, 0, window.first));
  const Lab& flat = layers.flat;
  const Lab print(
      map([=](float L, float g, float line) { return mix(clamp(L + g, 12.0F, 94.0F), kIndigoLine[0], line); },
          flat.L, grain, layers.line),
      map([=](float a, float line) { return mix(a, kIndigoLine[1], line); }, flat.a, layers.line),
      map([=](float b, float line) { return mix(b, kIndigoLine[2], line); }, flat.b, layers.line));
  return to_rgb(print);
}

}  // namespace

StyleEntry ukiyo_style() {
  return {{"ukiyo",
           "a woodblock print: few pigments, thin indigo lines, a wiped sky",
           {line_parameter(),
            {"levels", 5, 2, 12, "tones of the whole image"},
            {"pull", 0.78, 0, 1, "how far colors go toward the woodblock's pigments"},
            {"sky", 1, 0, 2, "how far the sky becomes cream and rose"},
            {"bokashi", 0.62, 0, 1, "Prussian blue along the top of the sky"},
            {"strokes", 0.7, 0, 1, "strength of the strokes that stand for grass, leaves and fur"},
            {"grain", 1, 0, 3, "strength of fibers and paper"}},
           false},
          [](const RgbView& image, const StyleOptions& options, const StyleValues& values)
              -> std::unique_ptr<Filter> { return std::make_unique<UkiyoFilter>(image, options, values); }};
}

}  // namespace sumi::stylize
