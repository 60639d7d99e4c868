// One axis of a resize in whole numbers: positions are fractions, so neither double, whose rate is
// 1/64 of f32's on GeForce, nor a search for the readers of an input is needed.
#pragma once

#include <numeric>
#include <string>

#include "kernels/base/check.h"
#include "kernels/cuda/device/divisor.cuh"
#include "kernels/resize.h"

namespace sumi::kernels::cuda {

// Output i reads input `first` with weight 1 - t and `second` with weight t.
struct AxisTap {
  int first, second;
  float t;
};

// Output i samples x = (step i + start) / unit, at least 0 (ResizeCoords):
//   half_pixel     (i + 1/2) in/out - 1/2 = (2 in i + in - out) / (2 out)
//   align_corners  (in - 1) i / (out - 1)
//   asymmetric, and nearest, which takes x rounded down: in i / out
class RationalAxis {
 public:
  // Throws Error naming the kernel if positions do not fit 31 bits: sides above 32767 whose ratio
  // has a large denominator.
  RationalAxis(const char* kernel, const ResizeGeom& g, std::int64_t in, std::int64_t out)
      : in_(static_cast<int>(in)), nearest_(g.mode == ResizeMode::nearest) {
    std::int64_t step = in, start = 0, unit = out;
    if (!nearest_ && g.coords == ResizeCoords::half_pixel) {
      step = 2 * in, start = in - out, unit = 2 * out;
    } else if (!nearest_ && g.coords == ResizeCoords::align_corners) {
      step = in - 1, unit = out > 1 ? out - 1 : 1;
    }
    const std::int64_t common = std::gcd(std::gcd(step, start), unit);
    step /= common;
    unit /= common;
    if (step * out + unit * in + step + unit >= std::int64_t{1} << 31)
      fail(kernel, std::to_string(in) + " to " + std::to_string(out) +
                       " pixels: too large a side; resize in two steps or by a simpler ratio");
    step_ = static_cast<int>(step);
    start_ = static_cast<int>(start / common);
    unit_ = Divisor(unit);
    by_step_ = Divisor(step > 0 ? step : 1);
    one_by_unit_ = 1.0F / static_cast<float>(unit);
  }

  __device__ AxisTap tap(int i) const {
    const int at = step_ * i + start_;
    const Divisor::Result whole = unit_(at > 0 ? at : 0);
    const int first = whole.quotient < in_ - 1 ? whole.quotient : in_ - 1;
    if (nearest_) return {first, first, 0.0F};
    return {first, first < in_ - 1 ? first + 1 : first, static_cast<float>(whole.rest) * one_by_unit_};
  }

  // The weight with which output i reads input j.
  __device__ float weight(const AxisTap& tap, int j) const {
    return (tap.first == j ? 1.0F - tap.t : 0.0F) + (tap.second == j ? tap.t : 0.0F);
  }

  // The first output whose second input is j or later: none before it reads j.
  __device__ int first_reader(int j) const {
    const int least = nearest_ ? j : j - 1;  // of the first input
    const int from = unit_.value() * least - start_;
    if (j == 0 || from <= 0) return 0;
    return by_step_(from + by_step_.value() - 1).quotient;
  }

 private:
  int step_, start_;
  Divisor unit_, by_step_;
  float one_by_unit_;
  int in_;
  bool nearest_;
};

}  // namespace sumi::kernels::cuda
