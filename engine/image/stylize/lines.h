// Ink lines by differences of Gaussians along the flow: Kang, Lee, Chui, "Coherent line drawing",
// 2007; Winnemoeller, Kyprianidis, Olsen, "XDoG", 2012.
#pragma once

#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// The two scalars in which lines are sought, about 0..100.
struct LineSource {
  Plane lightness;  // L, with chroma counting as dark
  Plane warmth;     // warm counts as light: borders between colors of one lightness; may be empty
};
// From the half flattened image: `keep` of the image itself outside of texture.
LineSource line_source(const Lab& lab, const Lab& flat, float s, const Plane& tex, float keep = 0.45F,
                       float chroma = 0.30F);

struct LineOptions {
  float low = 0.0045F, high = 0.013F;           // thresholds of the response, L in 0..1
  float tex_raise = 1.6F;                       // by how much texture raises them
  float fine_sigma = 0.85F, bold_sigma = 1.5F;  // pixels at scale 1
  float bold = 1;                               // weight of the bold lines
  float flow_sigma = 5;                         // along the line
  float min_area = 42;                          // smaller strokes go; pixels at scale 1
  float cut = 0;  // 0..1: softened, and cut at this level: below .5 wider, above .5 narrower; 0: as found
};
// Hands: people who trace one drawing, each with a pen and habits of their own. They differ in the
// width of strokes, a little in their threshold, in how steadily a stroke follows its edge, and in
// how small a stroke may be. Hand 0 is the style's own.
constexpr int kLineHands = 4;
LineOptions by_hand(LineOptions lines, int hand);

// 0..1. `soft`, where given, raises the thresholds and keeps small strokes (skin).
Plane ink_lines(const LineSource& source, float s, const Plane& tex, const LineOptions& options,
                const Plane* soft = nullptr);

// Texture as a hand draws it: of its many small edges the few that stand out from those around
// them, in clumps, whatever their contrast. 1 on dark strokes, -1 on light ones, from the image's
// L; 0 outside of `tex`.
Plane texture_strokes(const Plane& L, const Plane& tex, float s);

struct FdogOptions {
  float sigma = 0.9F;  // pixels at scale 1
  float tau = 0.985F;
  float flow_sigma = 5;
  float ignore = 0;  // responses below it may come out as any other below it
  // The response is wanted within `around` pixels of values above 0.35 here, and 0 elsewhere.
  const Plane* where = nullptr;
  float around = 0;
};
// Response of L in 0..1 times `scale`, which is negative for light lines: positive on the dark side
// of edges and on dark lines.
Plane fdog(const Plane& L, float scale, const Flow& flow, float s, const FdogOptions& options);

}  // namespace sumi::stylize
