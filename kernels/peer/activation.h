// cuDNN's activations with the signatures of kernels/activation.h. cuDNN's activation descriptors
// lack LeakyReLU; it and its gradient use the graph interface (pointwise.h).
#pragma once

#include "kernels/activation.h"

namespace sumi::kernels::peer {

constexpr bool has_activation(Unary f) {
  return f == Unary::leaky_relu || f == Unary::relu || f == Unary::tanh || f == Unary::sigmoid;
}
// Throws Error if has_activation is false.
UnaryForward unary;
constexpr bool has_gradient(Unary f) {
  return f == Unary::leaky_relu;
}
// Throws Error if has_gradient is false, and unless it overwrites.
UnaryGrad unary_grad;

}  // namespace sumi::kernels::peer
