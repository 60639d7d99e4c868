// Images beside each other, each with a line of text above it.
#pragma once

#include <string>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

struct LabeledImage {
  std::string label;
  Image8 image;  // 1 or 3 channels
};

// Rows of `columns` cells (0: near a square) of the largest image's size, on white. Without a font
// on the system (draw_curves) there is no text. Error for no images.
Image8 make_labeled_sheet(const std::vector<LabeledImage>& images, int columns = 0, int margin = 12);

}  // namespace sumi
