// Lines of pictures that are drawings already: dark strokes that are thinner than their
// surroundings. They move over what lies between them (boil.h, LineScale::difference).
#pragma once

#include "engine/animate/boil.h"
#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"

namespace sumi::animate {

// The picture as ground and lines; ground + lines = picture, in 16-bit levels.
struct DrawnLines {
  stylize::Rgb ground;
  stylize::Rgb lines;    // at most 0
  stylize::Plane reach;  // line_reach() of the darkest channel
  bool any = false;      // there are lines
};
// Ground is the closing of each channel (dilation, then erosion) by a disk that is larger than
// strokes are wide: 9 pixels where the shorter side has 512.
DrawnLines find_drawn_lines(const Photo& picture);

// The picture with its lines at that moment. Where the reach is 0 it is the picture to the bit.
Photo draw_moment(const Photo& picture, const DrawnLines& lines, const BoilField& field);

}  // namespace sumi::animate
