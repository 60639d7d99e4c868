// Photos as the inputs and results of networks, in windows.
#pragma once

#include <vector>

#include "engine/data/degradation.h"
#include "engine/image/photo.h"
#include "engine/tensor.h"
#include "engine/tiled/regions.h"

namespace sumi {

// A photo as a network sees it: extended on the right and at the bottom to width x height by
// reflection, or by its last pixel where it is too small to be reflected.
struct NetworkInput {
  const Photo* photo = nullptr;
  std::vector<bool> hole = {};  // per pixel of the photo; empty: no hole
  int width = 0, height = 0;
  int channels = 3;   // 1: luma
  bool gray = false;  // luma in every channel
  DType dtype = DType::f32;
  Device device = {};

  // [1, rows, columns, channels] in [-1, 1]; kMaskValue in holes.
  Tensor window(const Region& region) const;
};

// Writes the part of a network's result [1, rows, columns, 1 or 3] that lies in the photo, clamped
// to [-1, 1]. Throws Error "[convert] ..." for NaN and infinity.
void store_window(const Tensor& result, const Region& region, Photo& photo);

}  // namespace sumi
