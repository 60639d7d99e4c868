// Drawings whose edges are smoothed: what CartoonGAN (Chen 2018) and AnimeGAN (Chen 2020) show their discriminators as
// not drawn, so that generators learn crisp lines.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

// Where Canny's detector (1986) finds edges in a gray picture: 1 or 0 for each pixel, [height, width]. Gradients are
// Sobel's 3x3 with the border repeated, their magnitude |dx| + |dy|. What is above `high` and a maximum along its
// gradient (four directions) is an edge, and so is what is above `low`, a maximum too, and connected to one.
std::vector<std::uint8_t> canny_edges(const Image8& gray, int low, int high);

// The picture with a Gaussian of 5x5 (1 4 6 4 1, border mirrored) within two pixels of an edge, rows and columns, and
// unchanged elsewhere. Edges are those of its luma with thresholds 100 and 200.
Image8 smooth_edges(const Image8& image);

}  // namespace sumi
