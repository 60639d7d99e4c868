// Edits that combine a translated photo with the photo that it was made from. Both have the same
// size. All run on the threads of the CPU kernels; the results do not depend on their number.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/image/photo.h"

namespace sumi {

// The coverage 0 to 65535 of each pixel of a mask: its luma over white. A mask that is white all
// over but not opaque was painted on a transparent layer: its alpha is the coverage.
std::vector<std::uint16_t> mask_coverage(const Photo& mask);

// result = photo + strength * coverage / 65535 * (result - photo). `coverage` has one value per
// pixel; empty: 65535 everywhere. strength: 0 to 1.
void blend_over(const Photo& photo, const std::vector<std::uint16_t>& coverage, double strength,
                Photo& result);

// Gives the result the photo's colors: chroma (R - Y, G - Y, B - Y with the luma Y of BT.601) from
// the photo, luma from the result. Chroma outside the range of RGB is reduced at constant luma and
// hue.
void keep_color(const Photo& photo, Photo& result);

// Applies one tone curve v^gamma to all channels, so that the mean luma is the photo's. Black and
// white stay. gamma is between 1/4 and 4: an image of black and white alone stays as it is.
void match_brightness(const Photo& photo, Photo& result);

// Joins two photos of equal width, one above the other.
Photo stacked(const Photo& upper, const Photo& lower);

// The eight symmetries of a square: bit 0 mirrors left and right, bit 1 top and bottom, bit 2
// then exchanges rows and columns.
constexpr int kSymmetries = 8;
Photo transformed(const Photo& photo, int symmetry);
Photo transformed_back(const Photo& photo, int symmetry);

// The mean of filter(photo) over the eight symmetries, each transformed back (test-time
// augmentation). `holes` (or null) is transformed like the photo.
Photo mean_over_symmetries(const std::function<Photo(const Photo& photo, const Photo* holes)>& filter,
                           const Photo& photo, const Photo* holes);

}  // namespace sumi
