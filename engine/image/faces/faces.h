// Where a photograph has faces, so that a style keeps their features.
#pragma once

#include <vector>

#include "engine/image/faces/face_box.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/plane.h"

namespace sumi::faces {

// Faces from the front and from the side, from a twentieth of the short side on, by Haar cascades
// (Viola and Jones 2001; OpenCV's haarcascade_frontalface_alt2 and haarcascade_profileface) where
// the color is skin's; in gray photographs anywhere, from the front alone. Throws FacesUnavailable,
// and Error "[faces] ..." for cascades that are missing.
std::vector<FaceBox> find_faces(const stylize::RgbView& photo);

// Faces of cats from the front, from a sixth of the short side on, of any color
// (haarcascade_frontalcatface). Throws as find_faces.
std::vector<FaceBox> find_cat_faces(const stylize::RgbView& photo);

// Soft ellipses over the boxes: 1 inside, 0 outside. Its short side is at most 512 pixels, its
// shape the photograph's. Empty where there are no boxes.
stylize::Plane face_mask(const stylize::RgbView& photo, const std::vector<FaceBox>& boxes);

}  // namespace sumi::faces
