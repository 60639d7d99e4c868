// What a photograph shows in front, so that it moves as a layer of its own.
#pragma once

#include "engine/image/stylize/color.h"
#include "engine/image/stylize/plane.h"

namespace sumi::faces {

// Mask of the subject, 0..1 and of the photo's shape with a short side of at most 300 pixels: GrabCut
// (Rother, Kolmogorov, Blake 2004; OpenCV's), begun with a box around faces and the body below them,
// or around what stands out from the photo's border. Empty where no subject is found: less than 2 %
// of the photo or more than 70 %, spread over its border, or with surroundings that do not look like
// the border, where the cut would run through the subject. Throws FacesUnavailable.
stylize::Plane find_subject(const stylize::RgbView& photo);

}  // namespace sumi::faces
