// The inputs that a resized output reads along one axis, with their weights; shared by resize and
// image.
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

  // The weight with which output i reads input j.
  __device__ float weight(std::int64_t i, std::int64_t j) const {
    const Tap tap = this->tap(i);
    return (tap.first == j ? 1.0F - tap.t : 0.0F) + (tap.second == j ? tap.t : 0.0F);
  }

  // The first output whose second input is j or later: none before it reads j. Inputs are monotonic
  // in the outputs, so this is a bisection.
  __device__ std::int64_t first_reader(std::int64_t j) const {
    std::int64_t low = 0, high = out;
    while (low < high) {
      const std::int64_t middle = (low + high) / 2;
      if (tap(middle).second < j) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
};

}  // namespace sumi::kernels::cuda
