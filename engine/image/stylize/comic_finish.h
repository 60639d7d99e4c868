// The last step of each of the stylizer's styles: what a network that sees 48 pixels cannot draw, because its place is
// fixed on the page (screens, hatching, paper), or should not, because it is a matter of taste (steps, ink).
#pragma once

#include <string>
#include <vector>

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Rows of a picture, as the network's layers have them.
struct ComicBand {
  Lab flat;         // of the rows, without lines
  Plane line;       // 0..1, at the strength that is wanted
  int top = 0;      // of the first row in the picture
  float scale = 1;  // the picture's short side in 512 pixels (side_scale)
};

struct ComicFinish {
  int levels = -1;           // as ComicOptions::levels
  std::vector<float> tones;  // of lightness, ascending: what the picture's steps go to (finish_tones())
};

// How many steps of lightness a style has; 0: none.
int style_levels(const std::string& style);
// Whether its pictures are gray.
bool is_gray_style(const std::string& style);
// Rows above and below a row that its finish looks at.
int finish_halo(float scale);

// The picture of the band in that style; the rows of the halo come with it. A style of another name gets flat color, and lines in
// near black.
Rgb finish_comic(const std::string& style, const ComicBand& band, const ComicFinish& finish);

}  // namespace sumi::stylize
