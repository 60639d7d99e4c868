// The last step of each of the stylizer's styles. It draws what a network with a receptive field of
// 48 pixels cannot, because its position is fixed on the page (screens, hatching, paper), and what
// is adjustable (tone steps, ink).
#pragma once

#include <string>
#include <vector>

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Rows of an image, as the network's layers have them.
struct ComicBand {
  Lab flat;         // of the rows, without lines
  Plane line;       // 0..1, at the requested strength
  int top = 0;      // of the first row in the image
  float scale = 1;  // the image's short side in 512 pixels (side_scale)
};

struct ComicFinish {
  int levels = -1;           // as ComicOptions::levels
  std::vector<float> tones;  // lightness levels of the tone steps, ascending (finish_tones())
};

// Number of lightness steps of a style; 0: no steps.
int style_levels(const std::string& style);
// Returns true if the images of the style are gray.
bool is_gray_style(const std::string& style);
// Rows above and below a row that its finish depends on.
int finish_halo(float scale);

// The image of the band in that style; the rows of the halo come with it. A style of another name
// gets flat color, and lines in near black.
Rgb finish_comic(const std::string& style, const ComicBand& band, const ComicFinish& finish);

}  // namespace sumi::stylize
