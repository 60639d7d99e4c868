// cuDNN's activations behind the signature of kernels/activation.h. LeakyReLU is none of them.
#pragma once

#include "kernels/activation.h"

namespace sumi::kernels::peer {

constexpr bool has_activation(Unary f) {
  return f == Unary::relu || f == Unary::tanh || f == Unary::sigmoid;
}
// Throws Error where has_activation is false.
UnaryForward unary;

}  // namespace sumi::kernels::peer
