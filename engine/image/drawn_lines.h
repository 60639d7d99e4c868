// The strokes of a drawing as a layer: what a discriminator of lines is shown as real.
#pragma once

#include "engine/image/image.h"

namespace sumi {

// The alpha of the thin dark strokes of a gray image, of one channel and the same size. A stroke is
// darker than the paint around it: 1 - gray / closing(gray), with the closing (Serra 1982) over a
// square of 2 radius + 1 pixels. A quarter of the paint's light missing gives 0, seven tenths 255.
// Dark areas wider than the square are paint. Throws Error for an image of several channels.
Image8 drawn_lines(const Image8& gray, int radius = 4);

}  // namespace sumi
