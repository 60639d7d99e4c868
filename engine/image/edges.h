// Drawings with smoothed edges, which CartoonGAN (Chen 2018) and AnimeGAN (Chen 2020) show their
// discriminators as fake, so that generators learn crisp lines.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

// Returns the edges of a gray image by Canny's detector (1986): 1 or 0 per pixel, [height, width].
// Gradients are Sobel's 3x3 with repeated borders, their magnitude |dx| + |dy|. Pixels above `high`
// that are maxima along their gradient (four directions) are edges, and so are maxima above `low`
// that are connected to one.
std::vector<std::uint8_t> canny_edges(const Image8& gray, int low, int high);

// Returns the image blurred with a 5x5 Gaussian (1 4 6 4 1, mirrored borders) within two pixels of
// an edge, in rows and columns, and unchanged elsewhere. Edges are those of its luma with
// thresholds 100 and 200.
Image8 smooth_edges(const Image8& image);

}  // namespace sumi
