// A detected face, and the error of a missing detector.
#pragma once

#include "kernels/base/check.h"

namespace sumi::faces {

// In pixels of the photograph.
struct FaceBox {
  int x, y, width, height;
};

// The module is missing, does not load or belongs to another build.
struct FacesUnavailable : Error {
  using Error::Error;
};

}  // namespace sumi::faces
