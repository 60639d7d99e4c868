// The functions of Unary and their derivatives on one float, shared by activation and norm.
#pragma once

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

__device__ inline float sigmoid_of(float x) {
  return x >= 0 ? 1 / (1 + expf(-x)) : expf(x) / (1 + expf(x));
}
// log(1 + exp(x)): exp's argument is never positive, so nothing overflows.
__device__ inline float softplus_of(float x) {
  return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
}

// U is the enum Unary of kernels/activation.h. Comparisons are written so that NaN propagates.
template <class U>
__device__ float unary_value(U f, float alpha, float x) {
  switch (f) {
    case U::identity:
      return x;
    case U::relu:
      return x <= 0 ? 0 : x;
    case U::leaky_relu:
      return x > 0 ? x : alpha * x;
    case U::tanh:
      return tanhf(x);
    case U::sigmoid:
      return sigmoid_of(x);
    case U::softplus:
      return softplus_of(x);
    case U::exp:
      return expf(x);
    case U::log:
      return logf(x);
    case U::sqrt:
      return sqrtf(x);
    case U::square:
      return x * x;
    case U::abs:
      return fabsf(x);
    case U::reciprocal:
      return 1 / x;
    case U::heaviside:
      return x <= 0 ? 0 : x > 0 ? 1 : x;
  }
  return x;
}

// f'(x). If y = f(x) gives it more cheaply, y is read and x is not, so a caller may keep only one
// of the two.
template <class U>
__device__ float unary_slope(U f, float alpha, float x, float y) {
  switch (f) {
    case U::identity:
      return 1;
    case U::relu:
      return x > 0 ? 1 : 0;
    case U::leaky_relu:
      return x > 0 ? 1 : alpha;
    case U::tanh:
      return 1 - y * y;
    case U::sigmoid:
      return y * (1 - y);
    case U::softplus:
      return sigmoid_of(x);
    case U::exp:
      return y;
    case U::log:
      return 1 / x;
    case U::sqrt:
      return 0.5F / y;
    case U::square:
      return 2 * x;
    case U::abs:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    case U::reciprocal:
      return -y * y;
    case U::heaviside:
      return 0;
  }
  return 0;
}

}  // namespace sumi::kernels::cuda
