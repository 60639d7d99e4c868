// Pictures of any size through a stylizer: what stands around the network.
//
//   levels    the photograph behind its level curve (engine/image/stylize/auto_levels.h): the only step that needs all of it
//   small     the network sees it at a working size, which decides how coarse the drawing is
//   layers    its coefficients and the logit of its lines, brought up by cubics, are applied to the photograph at full size
//   finish    cel steps, ink, screens and paper of each style (engine/image/stylize/comic_finish.h)
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"
#include "models/inference/comic_hold.h"
#include "models/stylizer.h"

namespace sumi {

// What becomes of a picture: the finished drawing, or one of its layers alone. The line is black on
// white.
enum class ComicLayer : std::uint8_t { drawing, flat, line };

struct ComicOptions {
  ComicLayer layer = ComicLayer::drawing;
  std::vector<double> weights;  // of each of the model's styles; sum 1 (style_mixture())
  double line_strength = 1;     // how much lines cover: 0 none, 1 as the style has them, up to 2
  int levels = -1;              // steps of lightness; 0: none, -1: as the style has them
  // of the working size in pixels; 0: the picture's own up to 720, else 600
  int short_side = 0;
  // side of the squares that the network takes at once, without their halo; a multiple of 4
  int tile = 512;
  bool raw = false;           // the last weights, not their running average
  ComicHold* hold = nullptr;  // of a clip: read and updated
};

// {width, height} at which the network sees a picture. No picture is enlarged.
std::pair<int, int> working_size(int width, int height, int short_side);

// ComicNetwork's seven planes for a picture in 0..1. Tiles overlap by the network's halo, so they
// do not change the result.
std::vector<stylize::Plane> comic_coefficients(Stylizer& model, const stylize::Rgb& picture,
                                               const ComicOptions& options);

// The picture of the same size, depth and alpha. Memory beside the picture and the result is
// bounded: it is made in bands of rows. Error "[convert] ..." when the network makes NaN or
// infinity.
Photo comic_picture(Stylizer& model, const Photo& photo, const ComicOptions& options);

}  // namespace sumi
