// Sliced Wasserstein distance on Laplacian pyramids (Karras 2018, "Progressive Growing of GANs"):
// 7x7 neighborhoods of each level, normalized per channel over the set, projected on random
// directions; the mean distance of the sorted projections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/judges/image_set.h"

namespace sumi {

// A level of a pyramid: [height, width, channels].
struct PyramidLevel {
  int width = 0, height = 0, channels = 3;
  std::vector<float> values;
};
// The levels from the image's size down to the last that is at least `smallest` wide and high, each
// the difference to the upsampled next one; the last is the blurred image itself. Levels are those
// of the image, 0 to 255. The filter is (1 4 6 4 1) / 16 in rows and columns, with mirrored
// borders.
std::vector<PyramidLevel> laplacian_pyramid(const Image8& image, int smallest = 16);

// Rows of one level's neighborhoods, normalized.
struct Neighborhoods {
  std::size_t size = 0;  // values of a row
  std::vector<float> values;
  std::size_t count() const { return size == 0 ? 0 : values.size() / size; }
};
// `most` neighborhoods, the same number from each image, at positions that follow from the seed.
// One element for each level, the finest first.
std::vector<Neighborhoods> neighborhoods(const ImageSet& set, std::size_t most, std::uint64_t seed);

// Rows of `size` values of length 1, normally distributed before that.
std::vector<float> random_directions(std::size_t count, std::size_t size, std::uint64_t seed);
// The mean absolute difference of the sorted projections of a's and b's rows, over the directions.
// Uses as many rows of the larger set as the smaller has.
double sliced_distance(const Neighborhoods& a, const Neighborhoods& b, const std::vector<float>& directions);

// The distance of each level times 1000, the finest first, and their mean.
struct SlicedWasserstein {
  std::vector<double> levels;
  double mean = 0;
};
SlicedWasserstein sliced_wasserstein(const std::vector<Neighborhoods>& a, const std::vector<Neighborhoods>& b,
                                     std::uint64_t seed);

}  // namespace sumi
