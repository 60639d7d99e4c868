// The inputs that a resized output reads along one axis, with their weights, for crops of any size
// in one launch (u8_to_float); sizes known at the launch: rational_axis.cuh.
#pragma once

#include "kernels/cuda/device/keywords.cuh"
#include "kernels/resize.h"

namespace sumi::kernels::cuda {

// One axis: output i reads input `first` with weight 1 - t and `second` with weight t.
struct Tap {
  std::int64_t first, second;
  float t;
};

// `in` inputs become `out` outputs. Positions are computed in double, as on the CPU, so that both
// read the same two inputs.
struct Axis {
  ResizeGeom g;
  std::int64_t in, out;

  __device__ Tap tap(std::int64_t i) const {
    if (g.mode == ResizeMode::nearest) return {i * in / out, i * in / out, 0.0F};
    const double ratio = static_cast<double>(in) / static_cast<double>(out), at = static_cast<double>(i);
    double x = 0;
    if (g.coords == ResizeCoords::half_pixel) {
      x = (at + 0.5) * ratio - 0.5;
      if (x < 0) x = 0;
    } else if (g.coords == ResizeCoords::align_corners) {
      if (out > 1) x = at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
    } else {
      x = at * ratio;
    }
    const std::int64_t whole = static_cast<std::int64_t>(x);
    const std::int64_t first = whole < in - 1 ? whole : in - 1, second = first < in - 1 ? first + 1 : first;
    return {first, second, static_cast<float>(x - static_cast<double>(whole))};
  }
};

}  // namespace sumi::kernels::cuda
