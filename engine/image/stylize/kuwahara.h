// Anisotropic Kuwahara filter: flattens a photograph into patches that follow its edges, as a brush
// does.
#pragma once

#include <cstdint>

#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Sampling pattern of the unit disc: radii of the rings. Ring i has 8 + 4 i points.
enum class KuwaharaRings : std::uint8_t {
  three,  // .28 .58 .88: 37 samples, for wide radii
  two,    // .45 .85: 21 samples, for radii of a few pixels
};

// Each pixel becomes a mean of the means of eight sectors of an ellipse that follows the edge;
// sectors of small variance weigh most (Kyprianidis, Kang, Doellner 2009: "Image and Video
// Abstraction by Anisotropic Kuwahara Filtering"; weights of Kyprianidis and Kang 2011).
// Fixed-sample form: the ellipse of each pixel carries the same points of the unit disc, so the
// weights of a sample in the sectors are constants, and a sample belongs to one or two sectors.
// `flow` with coherence. `radius` in pixels: the ellipse's half axes are radius (1 + A)^.9 along
// the tangent and radius / (1 + A) across, A = coherence. Borders are reflected. Work: 21 or 37
// bilinear samples a pixel.
Lab kuwahara(const Lab& image, const Flow& flow, float radius, KuwaharaRings rings);

}  // namespace sumi::stylize
