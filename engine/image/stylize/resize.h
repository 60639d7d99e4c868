// Planes of other sizes.
#pragma once

#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// Means of the pixels, and parts of pixels, that each new one covers. To shrink.
Plane resize_area(const Plane& x, int width, int height);
Lab resize_area(const Lab& x, int width, int height);

// Half the size, rounded up.
Plane halve(const Plane& x);
Lab halve(const Lab& x);

// Rows [first, first + rows) of the plane enlarged to width x height, straight lines between
// pixels; the border is repeated. rows 0: all.
Plane resize_linear(const Plane& x, int width, int height, int first = 0, int rows = 0);
Lab resize_linear(const Lab& x, int width, int height, int first = 0, int rows = 0);

// The same by cubics (Keys 1981, a = -3/4).
Plane resize_cubic(const Plane& x, int width, int height, int first = 0, int rows = 0);

// Means of 2x2 pixels, the outermost repeated where a side is odd, and back by straight lines:
// pixel i lies on 2i + 1/2.
Plane halve_exact(const Plane& x);
Plane double_linear(const Plane& x, int width, int height);

// Rows [first, first + rows).
Plane crop_rows(const Plane& x, int first, int rows);

}  // namespace sumi::stylize
