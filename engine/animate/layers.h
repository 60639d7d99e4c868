// A still in layers: the pictures that are seen behind its subjects, and frames composed of drawn
// layers.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/animate/camera.h"
#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"

namespace sumi::animate {

// One layer of a photograph, before it is drawn.
struct Peeled {
  Photo photo;           // without what is nearer: those places are filled from around them
  stylize::Plane hole;   // 0..1: where it was filled; empty in the nearest layer
  stylize::Plane cover;  // 0..1: where the layer is seen; empty in the farthest one: everywhere
};
// Layers from the farthest to the nearest. `masks` are 0..1 of the photo's size, the nearest first;
// without any there is one layer. A cover is a few pixels larger than its mask, so that the subject
// keeps its outline, and the hole behind it larger still.
std::vector<Peeled> peel(const Photo& photo, const std::vector<stylize::Plane>& masks);

// Fills the places where `hole` is 1 by the colors around them: averages over a pyramid, coarse
// ones where nothing finer is known (Gortler 1996, push and pull).
void fill_hole(Photo& photo, const stylize::Plane& hole);

// `behind` where the hole is 0, `filled` where it is 1. All of one size.
Photo blend_hole(const Photo& behind, const Photo& filled, const stylize::Plane& hole);

// Places of a soft mask that are above a half, and how far away it counts: 1 within `radius`
// pixels, 0 beyond radius + soft.
stylize::Plane grown(const stylize::Plane& mask, int radius, int soft);

// A drawn layer.
struct DrawnLayer {
  std::vector<Photo> moments;  // of one size
  stylize::Plane cover;        // as Peeled
  double nearness = 0;         // 0 the farthest, 1 the nearest
};

// [height, width, 3] of 16-bit levels: the layers, farthest first, each by its moment and place.
std::vector<std::uint16_t> compose_frame(const std::vector<DrawnLayer>& layers, int moment, const View& view,
                                         int width, int height);

// The same for one picture whose pixels have a nearness of their own, 0..1. Outlines of near things
// move with them: the picture is stretched in a band beside them.
std::vector<std::uint16_t> compose_depth_frame(const Photo& picture, const stylize::Plane& nearness,
                                               const View& view, int width, int height);
// Prepares a depth map (white is near) for it: near places grown by the band, then smoothed.
stylize::Plane prepare_depth(const stylize::Plane& depth, double parallax);

}  // namespace sumi::animate
