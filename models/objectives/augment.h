// Augmentation of the images that a discriminator sees, real and generated alike, which delays
// overfitting on a small data set. Built of ops, so that the generator's gradient passes through.
#pragma once

#include <string>

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// Differentiable augmentation (DiffAugment, Zhao 2020), with random values for each image:
//   color        brightness +[-.5,.5), then saturation x[0,2) about the pixel's mean,
//                then contrast x[.5,1.5) about the image's mean
//   translation  shifted by up to an eighth of each side (whole pixels), filled with zeros
//   cutout       a rectangle of half the sides set to zero, its center anywhere in the image
struct Augmentation {
  bool color = false, translation = false, cutout = false;
  bool any() const { return color || translation || cutout; }
};
// Parses "color,translation,cutout" or a part of it; "" stands for no augmentation. Throws Error
// naming an unknown part.
Augmentation parse_augmentation(const std::string& list);

// Images [n,h,w,c] -> the same shape.
Tensor augment(const Tensor& x, const Augmentation& parts, RandomStream& stream);

}  // namespace sumi
