// Source indices of padded tensors.
#pragma once

#include "kernels/cuda/index.cuh"
#include "kernels/cuda/pixels.cuh"
#include "kernels/pad.h"

namespace sumi::kernels::cuda {

// The input index i pixels after the first, or -1 where the border is zero. For borders that
// PadGeom::check() allows.
__device__ inline int border_source(PadMode mode, int i, int size) {
  const bool inside = static_cast<unsigned>(i) < static_cast<unsigned>(size);
  const int from_first = i < 0 ? -i : i, from_last = 2 * (size - 1) - from_first;
  const int mirrored = from_first < from_last ? from_first : from_last;
  const int nearest = i < 0 ? 0 : i < size ? i : size - 1;
  return inside ? i : mode == PadMode::reflect ? mirrored : mode == PadMode::replicate ? nearest : -1;
}

// The index in x (of shape s) of element i of the padded tensor (of shape t), or -1 where the
// border is zero.
__device__ inline std::int64_t padded_from(const PadGeom& g, const Shape& s, const Shape& t, std::int64_t i) {
  const Shape at = index_at(t, i);
  const int h = border_source(g.mode, static_cast<int>(at.h) - g.top, static_cast<int>(s.h));
  const int w = border_source(g.mode, static_cast<int>(at.w) - g.left, static_cast<int>(s.w));
  return h < 0 || w < 0 ? -1 : offset(s, at.n, h, w, at.c);
}

// The border of a tensor, as the source of each of its pixels.
class Border {
 public:
  // x and y: the shapes without and with the border. `kernel` is named in errors.
  Border(const char* kernel, const PadGeom& pad, const Shape& x, const Shape& y)
      : pixels_(kernel, pad.any() ? y : Shape{}),
        mode_(pad.mode),
        top_(pad.top),
        left_(pad.left),
        h_(static_cast<int>(x.h)),
        w_(static_cast<int>(x.w)),
        any_(pad.any()) {}

  // The pixel of x that `pixel` of y copies, or -1 where the border is zero.
  __device__ int source(int pixel) const {
    if (!any_) return pixel;
    const Pixel at = pixels_.at(pixel);
    const int h = border_source(mode_, at.h - top_, h_), w = border_source(mode_, at.w - left_, w_);
    return h < 0 || w < 0 ? -1 : (at.n * h_ + h) * w_ + w;
  }

 private:
  Pixels pixels_;
  PadMode mode_;
  int top_, left_, h_, w_;
  bool any_;
};

}  // namespace sumi::kernels::cuda
