#include "engine/image/stylize/comic_finish.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/hatching.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/noise.h"
#include "engine/image/stylize/screen.h"
#include "engine/image/stylize/tones.h"

namespace sumi::stylize {
namespace {

constexpr float kHaloAtScale = 10;  // pixels at scale 1 that blurs and slopes of a finish reach, 3 sigma

Lab copied(const ComicBand& band) {
  return band.flat.copy();
}

// Lightness in the image's tones: hard steps where it has a slope, soft ones in skies. Their
// borders run through a smoothed lightness, since noise would fray them.
void lay_steps(Lab& lab, const ComicBand& band, const ComicFinish& finish, const CelOptions& options) {
  constexpr float kSmooth = 0.7F;
  if (finish.tones.empty()) return;
  const Plane slope = cel_slope(lab.L, band.scale);
  lab.L = blur(lab.L, kSmooth * band.scale);
  cel(lab.L, slope, finish.tones, options);
}

// A line of one color.
void lay_ink(Lab& lab, const Plane& line, const std::array<float, 3>& ink, float opacity) {
  const auto over = [opacity](float color) {
    return [color, opacity](float x, float cover) { return mix(x, color, opacity * cover); };
  };
  change(lab.L, over(ink[0]), line);
  change(lab.a, over(ink[1]), line);
  change(lab.b, over(ink[2]), line);
}

Rgb gray_rgb(Plane light) {
  Rgb image;
  image.green = light.copy();
  image.blue = light.copy();
  image.red = std::move(light);
  return image;
}

Rgb finish_plain(const ComicBand& band, const ComicFinish& finish) {
  Lab lab = copied(band);
  lay_steps(lab, band, finish, {});
  lay_ink(lab, band.line, {8, 0, 0}, 1);
  return to_rgb(lab);
}

Rgb finish_ink(const ComicBand& band, const ComicFinish& finish) {
  Lab lab = copied(band);
  lay_steps(lab, band, finish, {});
  lay_line(lab, band.line, band.scale);
  return to_rgb(lab);
}

// Sheets of dots for three grays, solid black below them, white paper above.
Rgb finish_manga(const ComicBand& band, const ComicFinish&) {
  constexpr std::array<float, 3> kCuts{70, 54, 39}, kCovers{0.09F, 0.22F, 0.42F};
  constexpr float kBlack = 27;
  const float s = band.scale, pitch = std::max(4.0F, 4.6F * s), soft = 0.9F / pitch;
  const Plane tone = blur(band.flat.L, 1.2F * s), near = blur(band.line, 0.9F * s);
  const Plane field = dots(tone.width(), tone.height(), {.pitch = pitch}, 0, band.top);
  return gray_rgb(map(
      [soft, kCuts, kCovers](float L, float threshold, float line, float around) {
        float cover = 0, before = 0;
        for (std::size_t i = 0; i < kCuts.size(); ++i) {
          cover += (kCovers[i] - before) * (1.0F - smoothstep(kCuts[i] - 1.0F, kCuts[i] + 1.0F, L));
          before = kCovers[i];
        }
        // Dots stay a hair away from lines.
        const float dot = screened(cover, threshold, soft) * (1.0F - 0.8F * smoothstep(0.05F, 0.6F, around));
        const float black = 1.0F - smoothstep(kBlack - 1.6F, kBlack + 1.6F, L);
        const float ink = dot > black ? dot : black;
        return 1.0F - (ink > line ? ink : line);
      },
      tone, field, band.line, near));
}

// Pigment lies denser (more > 0) or thinner (Bousseau 2006).
inline float denser(float L, float more) {
  const float l = clamp(0.01F * L, 0.0F, 1.0F);
  return 100.0F * clamp(l - (l - l * l) * more, 0.0F, 1.0F);
}

// Grain of paper and turbulence of water in the density of pigment; lines are a dark shade of the
// color below.
Rgb finish_wash(const ComicBand& band, const ComicFinish& finish) {
  constexpr float kGrain = 0.07F, kFlow = 0.09F, kLine = 0.45F;
  const float s = band.scale;
  Lab lab = copied(band);
  lay_steps(lab, band, finish, {.amount = 0.6F});
  const int width = lab.width(), rows = lab.height();
  const Plane grain = paper(width, rows, s, 1, 0, band.top),
              turbulence = paper(width, rows, 7 * s, 9, 0, band.top);
  const Lab shade = blur(lab, s);
  const Plane cover =
      map([](float line, float t) { return kLine * line * (0.85F + 0.15F * clamp(t, -1.0F, 1.0F)); },
          band.line, turbulence);
  const auto color = [](float shift) {
    return [shift](float x, float g, float t, float below, float line) {
      return mix(x * (1.0F + 0.5F * (kGrain * g + kFlow * t)), below + shift, line);
    };
  };
  change(
      lab.L,
      [](float L, float g, float t, float below, float line) {
        return mix(denser(L, kGrain * g + kFlow * t) + 0.7F * t, 0.4F * below, line);
      },
      grain, turbulence, shade.L, cover);
  change(lab.a, color(2), grain, turbulence, shade.a, cover);
  change(lab.b, color(1), grain, turbulence, shade.b, cover);
  return to_rgb(lab);
}

// Smooth graphite under three layers of hatching, each from a darkness of its own on (Praun 2001),
// and the paper's grain.
Rgb finish_pencil(const ComicBand& band, const ComicFinish&) {
  struct Layer {
    float angle, start, opacity;
    std::uint32_t seed;
  };
  constexpr std::array<Layer, 3> kLayers{
      {{52, 0.08F, 0.36F, 11}, {-36, 0.34F, 0.46F, 12}, {12, 0.58F, 0.56F, 13}}};
  constexpr float kRange = 0.46F, kSmear = 0.375F, kMost = 0.9F, kLine = 0.84F;
  const float s = band.scale;
  const int width = band.flat.width(), rows = band.flat.height();
  const Plane dark =
      map([](float L) { return pow_fast(clamp(1.0F - 0.01F * L, 0.0F, 1.0F), 1.12F); }, band.flat.L);
  Plane cover = map([](float d) { return kSmear * smoothstep(0.04F, 1.0F, d); }, dark);
  for (const Layer& layer : kLayers) {
    const Plane field =
        hatching(width, rows, {layer.angle, 20 * s, 0.42F * std::max(s, 0.7F), layer.seed}, 0, band.top);
    change(
        cover,
        [start = layer.start, opacity = layer.opacity](float under, float d, float threshold) {
          const float need = clamp((d - start) * (1.0F / kRange), 0.0F, 1.0F);
          const float stroke =
              smoothstep(-0.34F, 0.34F, need * 1.2F - threshold - 0.08F) * smoothstep(0.0F, 0.1F, need);
          return 1.0F - (1.0F - under) * (1.0F - opacity * stroke);
        },
        dark, field);
  }
  const Plane grain = paper(width, rows, s, 1, 0, band.top);
  change(
      cover,
      [](float tone, float line, float g) {
        const float in_tone = clamp(0.94F + 0.30F * g, 0.3F, 1.3F),
                    in_line = clamp(0.92F + 0.22F * g, 0.3F, 1.0F);
        return clamp(1.0F - (1.0F - tone * in_tone) * (1.0F - kLine * line * in_line), 0.0F, kMost);
      },
      band.line, grain);
  Lab lab;
  lab.L =
      map([](float k, float g) { return mix(98.5F, 14.0F, k) - 0.8F * clamp(g, -1.0F, 1.0F); }, cover, grain);
  lab.a = map([](float) { return 0.2F; }, cover);
  lab.b = map([](float k) { return mix(2.6F, -1.0F, k); }, cover);
  return to_rgb(lab);
}

// Plates of cyan, magenta and yellow dots on cream paper; a key of solid black for darks and lines.
Rgb finish_halftone(const ComicBand& band, const ComicFinish& finish) {
  struct Plate {
    float degrees, phase_u, phase_v;
    std::array<float, 3> light;  // of red, green and blue that a full cover leaves
  };
  constexpr std::array<Plate, 3> kPlates{{{15, 0, 0, {0.03F, 0.66F, 0.92F}},
                                          {75, 0.13F, 0.29F, {0.91F, 0.12F, 0.47F}},
                                          {0, 0.26F, 0.58F, {1.0F, 0.88F, 0.10F}}}};
  constexpr std::array<float, 5> kBenDay{0, 0.22F, 0.48F, 0.78F, 1};
  constexpr std::array<float, 3> kCream{0.985F, 0.965F, 0.915F}, kKey{0.07F, 0.05F, 0.09F};
  Lab lab = copied(band);
  lay_steps(lab, band, finish, {.amount = 0.6F, .sharp = 0.5F});
  const Rgb color = to_rgb(lab);
  const auto ink = [](float light) { return 1.0F - pow_fast(light, 0.9F); };
  const auto least = [](float a, float b, float c) { return std::min(a, std::min(b, c)); };
  const Plane gray = map([=](float r, float g, float b) { return least(ink(r), ink(g), ink(b)); }, color.red,
                         color.green, color.blue);
  const float pitch = std::max(3.6F, 5 * band.scale), soft = 1 / pitch;
  Rgb print;
  const std::array<Plane*, 3> channels{&print.red, &print.green, &print.blue};
  for (std::size_t i = 0; i < 3; ++i) *channels[i] = Plane(lab.width(), lab.height(), kCream[i]);
  const std::array<const Plane*, 3> lights{&color.red, &color.green, &color.blue};
  for (std::size_t i = 0; i < 3; ++i) {
    const Plate& plate = kPlates[i];
    const Plane field =
        dots(lab.width(), lab.height(), {pitch, plate.degrees, plate.phase_u, plate.phase_v}, 0, band.top);
    const Plane printed = map(
        [=](float light, float common, float threshold) {
          const float wanted = ink(light) - 0.2F * common * (1.0F - smoothstep(0.5F, 0.7F, common));
          const float cover = clamp((wanted - 0.07F) * (1.0F / 0.83F), 0.0F, 1.0F);
          const float stepped = mix(cover, soft_steps(cover, kBenDay.data(), kBenDay.size(), 18.0F), 0.75F);
          const float dot = screened(stepped, threshold, soft), solid = smoothstep(0.92F, 0.98F, stepped);
          return dot > solid ? dot : solid;
        },
        *lights[i], gray, field);
    for (std::size_t k = 0; k < 3; ++k)
      change(
          *channels[k],
          [left = plate.light[k]](float paper, float p) { return paper * (1.0F - p * (1.0F - left)); },
          printed);
  }
  for (std::size_t k = 0; k < 3; ++k)
    change(
        *channels[k],
        [black = kKey[k]](float paper, float line, float common) {
          const float solid = smoothstep(0.66F, 0.74F, common);
          return mix(paper, black, line > solid ? line : solid);
        },
        band.line, gray);
  return print;
}

// Lines of indigo, and the fibers of the block and the paper.
Rgb finish_ukiyo(const ComicBand& band, const ComicFinish& finish) {
  constexpr float kFibers = 1.2F, kPaper = 0.9F;
  Lab lab = copied(band);
  lay_steps(lab, band, finish, {.amount = 0.75F, .sharp = 0.45F});
  const int width = lab.width(), rows = lab.height();
  const Plane grain = paper(width, rows, band.scale, 3, 0, band.top);
  // Long along the block: noise of columns that are 40 pixels wide.
  const int fiber = std::max(static_cast<int>(40 * band.scale), 1);
  Plane fibers(width, rows);
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < width; ++x) {
      const float at = static_cast<float>(x) / static_cast<float>(fiber), begin = std::floor(at);
      const auto column = static_cast<std::uint32_t>(begin), row = static_cast<std::uint32_t>(band.top + y);
      fibers.row(y)[x] = mix(hash01(column, row, 5), hash01(column + 1, row, 5), at - begin) - 0.5F;
    }
  fibers = blur(fibers, 0.8F * band.scale);
  change(
      lab.L,
      [](float L, float f, float g) {
        return clamp(L + 2 * kFibers * f + kPaper * clamp(g, -1.5F, 1.5F), 12.0F, 96.0F);
      },
      fibers, grain);
  lay_ink(lab, band.line, {17, 0, -10}, 0.9F);
  return to_rgb(lab);
}

struct Finish {
  Rgb (*make)(const ComicBand&, const ComicFinish&);
  int levels;
  bool gray = false;
};

const Finish& finish_of(const std::string& style) {
  static const Finish plain{finish_plain, 0};
  static const std::map<std::string, Finish> known{
      {"ink", {finish_ink, 6}},       {"manga", {finish_manga, 0, true}}, {"wash", {finish_wash, 0}},
      {"pencil", {finish_pencil, 0}}, {"halftone", {finish_halftone, 6}}, {"ukiyo", {finish_ukiyo, 5}}};
  const auto found = known.find(style);
  return found == known.end() ? plain : found->second;
}

}  // namespace

int style_levels(const std::string& style) {
  return finish_of(style).levels;
}

bool is_gray_style(const std::string& style) {
  return finish_of(style).gray;
}

int finish_halo(float scale) {
  return static_cast<int>(kHaloAtScale * scale) + 8;
}

Rgb finish_comic(const std::string& style, const ComicBand& band, const ComicFinish& finish) {
  return finish_of(style).make(band, finish);
}

}  // namespace sumi::stylize
