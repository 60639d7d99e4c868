// cuDNN's activations behind the signatures of kernels/activation.h. LeakyReLU, and the gradient of
// it, are none of those that its activation descriptors know: they come from its graph interface
// (pointwise.h).
#pragma once

#include "kernels/activation.h"

namespace sumi::kernels::peer {

constexpr bool has_activation(Unary f) {
  return f == Unary::leaky_relu || f == Unary::relu || f == Unary::tanh || f == Unary::sigmoid;
}
// Throws Error where has_activation is false.
UnaryForward unary;
constexpr bool has_gradient(Unary f) {
  return f == Unary::leaky_relu;
}
// Throws Error where has_gradient is false, and unless it overwrites.
UnaryGrad unary_grad;

}  // namespace sumi::kernels::peer
