// What is done to the pictures that a discriminator sees, real and drawn alike, so that a small set lasts longer. Ops only:
// the generator's gradient goes through.
#pragma once

#include <string>

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// Differentiable augmentation (Zhao 2020, "DiffAugment"), each part drawn anew for every picture:
//   color        brightness +[-.5,.5), then saturation x[0,2) about the pixel's mean, then contrast x[.5,1.5) about the
//                picture's mean
//   translation  shifted by up to an eighth of each side (of whole pixels), zeros moving in
//   cutout       a rectangle of half the sides set to zero, its center anywhere in the picture
struct Augmentation {
  bool color = false, translation = false, cutout = false;
  bool any() const { return color || translation || cutout; }
};
// "color,translation,cutout" or a part of it; "" is none. Throws Error naming what is unknown.
Augmentation parse_augmentation(const std::string& list);

// Pictures [n,h,w,c] -> the same shape.
Tensor augment(const Tensor& x, const Augmentation& parts, RandomStream& stream);

}  // namespace sumi
