// Whether a generator repeats its training images.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "models/judges/image_set.h"

namespace sumi {

struct Memorization {
  // The nearest training image of each sample, and the distance in feature space.
  std::vector<std::size_t> nearest;
  std::vector<double> distance;
  // The median of `distance`, and of the distances of held-out images to their nearest training
  // image; without held-out images, of each training image to its nearest other one.
  double median = 0, held_out_median = 0;
  // The probability that a sample is nearer to the training images than a held-out image is, and
  // its normal score (data-copying test, Meehan 2020): 0.5 and about 0 for a generator that neither
  // copies nor strays.
  double nearer = 0.5, z = 0;
  // Share of samples below the 1 % quantile of the held-out distances, where 0.01 is expected.
  double suspicious = 0;
  bool has_held_out = false;
};

// `held_out`: may be empty. Throws Error for sets of fewer than two images.
Memorization memorization(const Descriptors& samples, const Descriptors& training,
                          const Descriptors& held_out);

// A sheet of pairs, sample and nearest training image with their distance, the nearest first. Small
// images are enlarged with sharp pixels.
Image8 memorization_sheet(const Memorization& m, const ImageSet& samples, const ImageSet& training,
                          std::size_t pairs);

}  // namespace sumi
