// Gaussian blur and gray morphology of planes. Borders are reflected about the outermost pixel
// (reflect 101).
#pragma once

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Blurred by a Gaussian of `sigma` pixels, cut off at 3 sigma; below 0.15 a copy. Above 4 pixels
// the plane is halved first and the result enlarged linearly, whose own spread is subtracted: the
// cost stays that of 4 pixels, the difference below a thousandth of the range.
Plane blur(const Plane& x, float sigma);
// For masks: halved above 2 pixels already. The difference is below a hundredth of the range, at the
// border below four.
Plane blur_mask(const Plane& x, float sigma);
Lab blur(const Lab& x, float sigma);

// Standard deviation that white noise of deviation 1 has after blur(sigma).
float blurred_deviation(float sigma);

// The largest of the 3x3 pixels around each.
Plane dilate(const Plane& x);

// Index i, possibly outside of [0, size), reflected into it about the outermost pixels.
inline int reflect(int i, int size) {
  if (size == 1) return 0;
  while (i < 0 || i >= size) i = i < 0 ? -i : 2 * (size - 1) - i;
  return i;
}

}  // namespace sumi::stylize
