// Constants of a graph in the order of NCHW, which ONNX and ncnn use.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// The sizes of an NHWC shape in the order n c h w.
inline std::vector<std::int64_t> nchw_shape(const Shape& s) {
  return {s.n, s.c, s.h, s.w};
}

// The values of x in the order n c h w. A weight KRSC becomes [k, c, r, s].
inline std::vector<float> nchw_values(const Tensor& x) {
  const std::vector<float> values = x.to_vector<float>();
  const Shape s = x.shape();
  std::vector<float> result;
  result.reserve(values.size());
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t c = 0; c < s.c; ++c)
      for (std::int64_t h = 0; h < s.h; ++h)
        for (std::int64_t w = 0; w < s.w; ++w)
          result.push_back(values[static_cast<std::size_t>(((n * s.h + h) * s.w + w) * s.c + c)]);
  return result;
}

// The axis of NCHW for an axis of NHWC.
inline int nchw_axis(int axis) {
  return std::array{0, 2, 3, 1}.at(static_cast<std::size_t>(axis));
}

}  // namespace sumi
