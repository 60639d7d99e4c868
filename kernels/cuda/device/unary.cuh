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

// Calls g.operator()<f>().
template <class U, class G>
__device__ void select_unary(U f, G&& g) {
  switch (f) {
    case U::identity:
      return g.template operator()<U::identity>();
    case U::relu:
      return g.template operator()<U::relu>();
    case U::leaky_relu:
      return g.template operator()<U::leaky_relu>();
    case U::tanh:
      return g.template operator()<U::tanh>();
    case U::sigmoid:
      return g.template operator()<U::sigmoid>();
    case U::softplus:
      return g.template operator()<U::softplus>();
    case U::exp:
      return g.template operator()<U::exp>();
    case U::log:
      return g.template operator()<U::log>();
    case U::sqrt:
      return g.template operator()<U::sqrt>();
    case U::square:
      return g.template operator()<U::square>();
    case U::abs:
      return g.template operator()<U::abs>();
    case U::reciprocal:
      return g.template operator()<U::reciprocal>();
    case U::heaviside:
      return g.template operator()<U::heaviside>();
  }
}

// x becomes f(x) for several elements: the function is selected once for all of them.
template <class U, int size>
__device__ void unary_values(U f, float alpha, float (&x)[size]) {
  select_unary(f, [&]<U chosen>() {
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) x[n] = unary_value(chosen, alpha, x[n]);
  });
}
// dy becomes f'(x) dy.
template <class U, int size>
__device__ void multiply_slopes(U f, float alpha, const float (&x)[size], const float (&y)[size],
                                float (&dy)[size]) {
  select_unary(f, [&]<U chosen>() {
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) dy[n] *= unary_slope(chosen, alpha, x[n], y[n]);
  });
}

// The activations of norms and blocks, as types that a kernel is compiled for: a selection for each
// element would take longer than the function. identity, relu and leaky_relu are one function, two
// lines that meet at 0, the lower with the slope 1, 0 or alpha.
struct PiecewiseLinear {
  float low;

  __device__ float value(float z) const { return z <= 0 ? (low == 0 ? 0 : low * z) : z; }
  __device__ float times_slope(float z, float dy) const { return z > 0 ? dy : low * dy; }
};
template <class U, U f>
struct Curved {
  __device__ float value(float z) const { return unary_value(f, 0.0F, z); }
  __device__ float times_slope(float z, float dy) const { return dy * unary_slope(f, 0.0F, z, value(z)); }
};

// Calls f with the type of an activation: identity, relu, leaky_relu, tanh or sigmoid.
template <class U, class F>
void dispatch_activation(U act, double alpha, F&& f) {
  if (act == U::tanh) return f(Curved<U, U::tanh>{});
  if (act == U::sigmoid) return f(Curved<U, U::sigmoid>{});
  f(PiecewiseLinear{act == U::identity ? 1 : act == U::relu ? 0 : static_cast<float>(alpha)});
}

}  // namespace sumi::kernels::cuda
