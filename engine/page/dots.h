// A screen of printer's dots over the panels of a page.
#pragma once

#include <cstdint>
#include <vector>

namespace sumi::page {

// Replaces the shades of an image, [height, width, 3] sRGB, by dark dots on a lighter ground, in
// place. `pitch` is the distance of the dots in pixels. (left, top) is the image's position on the
// page: panels have parts of one screen. White and black stay as they are.
void lay_dots(std::vector<std::uint8_t>& rgb, int width, int height, int left, int top, double pitch);

}  // namespace sumi::page
