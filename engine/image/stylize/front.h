// Steps that the styles share: levels, texture, skin, the flattened image, and its detail. Sections
// 0.1 to 0.5 of the design are docs/learn's lesson on filters.
#pragma once

#include "engine/image/stylize/filter.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// The curve that brings L to the range and the lightness of a printed drawing: comics are high-key,
// and a dark photograph processed as it is gives a muddy drawing. From the percentiles to 4..99.5
// by 0.7 of the way and at most `max_gain`; then a gamma that moves the median by `lift` of its way
// to 55.
struct LevelCurve {
  float in_middle = 50, gain = 1, out_middle = 50, gamma = 1;
  float operator()(float L) const;  // 0..100 to 0..100
};
LevelCurve level_curve(const StyleStatistics& statistics, float max_gain, float lift);
// Applies the curve in place.
void apply_levels(Plane& L, const LevelCurve& curve);

struct FrontOptions {
  float max_gain = 1.7F;
  float lift = 0.38F;
  float range_sigma = 7;  // of flattening, Lab units
  bool flatten = true;    // otherwise Front::flat stays empty
};

// Everything here is of the working size: the image's own, or where its short side is 1024 and
// more, that divided by the whole number that leaves 512 to 1023. All of it is smooth or about
// edges that the finishing finds again at full size.
struct Front {
  RgbView image;
  int reduction = 1;
  float s = 1;       // side_scale of the working size
  float full_s = 1;  // and of the image
  StyleStatistics statistics;
  LevelCurve curve;
  Lab lab;     // with levels
  Plane tex;   // dense contrast of small scale (grass, leaves, fur), 0..1
  Plane busy;  // the same, lines and all
  Plane skin;  // by hue and chroma alone: it may only do mild things
  Plane face;  // empty without a mask of faces
  Lab flat;
};
Front make_front(const RgbView& image, const StyleOptions& options, const FrontOptions& front = {});

// Texture of a plane L. Xu, Yan, Xia, Jia, "Structure extraction from texture via relative total
// variation", 2012: the averaged gradient's length against the averaged length of gradients. tex
// leaves out what runs in one direction: windows, rails and hair are drawing.
struct TextureMask {
  Plane tex, plain;  // without and with what is coherent
};
// `structure`: how much of what runs in two directions at right angles (walls of windows, fences,
// masonry) is left out of both: 0 to 1.
TextureMask texture_mask(const Plane& L, float s, float structure = 0);

// A soft mask, 0..1.
Plane skin_mask(const Lab& lab, float s, const Plane& tex);

struct BilateralOptions {
  int radius = 4;  // taps to each side
  int step = 1;    // pixels from tap to tap
  float range_sigma = 7;
  bool rows_first = true;
  const Plane* faint = nullptr;  // multiplies range_sigma, pixel by pixel
};
// Means of `source` weighted by distance and by difference in `guide`: along rows, then along
// columns (Pham and van Vliet 2005).
Lab joint_bilateral(const Lab& source, const Lab& guide, const BilateralOptions& options);

// Flattened by rolling guidance (Zhang, Shen, Xu, Jia 2014) at half size, then once at full size.
// `faint`, where given, is what the range sigma is multiplied by, pixel by pixel: less than 1 keeps
// faint contrasts.
Lab flatten(const Lab& lab, float s, const Plane& tex, float range_sigma, const Plane* faint = nullptr);

// The slow form of flat: where flattening blurs, in texture and where contrasts are faint, patches
// of paint (kuwahara.h) of two brushes.
Lab painted_flat(const Front& front);
// Directions that brushes follow.
inline constexpr FlowOptions kPaintFlow{
    .sigma = 2.0F, .wide_sigma = 6.0F, .wide_weight = 0.1F, .coherence = true};
// Cover of a fine layer of paint over a coarse one: where the coarse one misses the image by `low`
// to `high` Lab units (Hertzmann 1998, "Painterly rendering with curved brush strokes of multiple
// sizes"), less so where it is busy, and at least `keep`.
Plane missed_paint(const Front& front, const Lab& coarse, const Lab& fine, float low, float high,
                   const Plane& keep);

// Strong small features (eyes, teeth, lettering) that flattening lost.
struct DetailOptions {
  float dead = 6.5F;  // difference that is ignored, Lab units
  float min_area = 44;
};
// 0..1: how much of the image comes back, from front.lab, front.flat, busy and skin.
Plane detail_mask(const Front& front, const DetailOptions& options = {});
// Returns front.flat with the masked detail put back.
Lab keep_detail(const Front& front, const Plane& mask);

// The whole image as means of reduction x reduction pixels, without levels.
Lab reduced_lab(const RgbView& image, int reduction);
// The window in Lab with levels applied.
Lab window_lab(const Front& front, const Window& window);
// The flattened image, with the edges where the image at full size has them, and with detail where
// `mask` has it (working size; may be null).
Lab window_flat(const Front& front, const Window& window, const Plane* mask);
// A smooth plane of the working size, enlarged.
Plane window_plane(const Front& front, const Plane& x, const Window& window);
// A plane of lines or borders in 0..1, enlarged; they stay as sharp as they were in pixels.
Plane window_line(const Front& front, const Plane& x, const Window& window);

// Darkens and lightens the L of a window by texture_strokes() of the working size, by `amount`.
// Light strokes lie on darks alone. Does nothing for an empty plane.
void lay_texture(Plane& L, const Front& front, const Plane& strokes, float amount, const Window& window);

}  // namespace sumi::stylize
