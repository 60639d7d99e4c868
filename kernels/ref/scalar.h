// The functions of Unary and their derivatives on one double, shared by activation and norm.
#pragma once

#include <cmath>

#include "kernels/activation.h"

namespace sumi::kernels::ref {

inline double sigmoid_of(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}
// log(1 + exp(x)): exp's argument is never positive, so nothing overflows.
inline double softplus_of(double x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
}

// Comparisons are written so that NaN propagates.
inline double unary_value(Unary f, double alpha, double x) {
  switch (f) {
    case Unary::identity:
      return x;
    case Unary::relu:
      return x <= 0 ? 0 : x;
    case Unary::leaky_relu:
      return x > 0 ? x : alpha * x;
    case Unary::tanh:
      return std::tanh(x);
    case Unary::sigmoid:
      return sigmoid_of(x);
    case Unary::softplus:
      return softplus_of(x);
    case Unary::exp:
      return std::exp(x);
    case Unary::log:
      return std::log(x);
    case Unary::sqrt:
      return std::sqrt(x);
    case Unary::square:
      return x * x;
    case Unary::abs:
      return std::abs(x);
    case Unary::reciprocal:
      return 1 / x;
    case Unary::heaviside:
      return x <= 0 ? 0 : x > 0 ? 1 : x;
  }
  fail("unary", "no such function");
}

// f'(x). If y = f(x) gives it more cheaply, y is read and x is not, so a caller may keep only one
// of the two.
inline double unary_slope(Unary f, double alpha, double x, double y) {
  switch (f) {
    case Unary::identity:
      return 1;
    case Unary::relu:
      return x > 0 ? 1 : 0;
    case Unary::leaky_relu:
      return x > 0 ? 1 : alpha;
    case Unary::tanh:
      return 1 - y * y;
    case Unary::sigmoid:
      return y * (1 - y);
    case Unary::softplus:
      return sigmoid_of(x);
    case Unary::exp:
      return y;
    case Unary::log:
      return 1 / x;
    case Unary::sqrt:
      return 0.5 / y;
    case Unary::square:
      return 2 * x;
    case Unary::abs:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    case Unary::reciprocal:
      return -y * y;
    case Unary::heaviside:
      return 0;
  }
  fail("unary", "no such function");
}

}  // namespace sumi::kernels::ref
