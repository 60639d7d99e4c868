// cuDNN's pointwise operations through its graph interface, the only one that has LeakyReLU.
#pragma once

#include "kernels/peer/library.h"

namespace sumi::kernels::peer {

// y = x where x > 0, else slope x. Same shape and type. The first call of a shape creates a cuDNN
// plan.
void leaky_relu(const Exec& e, double slope, View x, MutView y);
// dx = dy where x > 0, else slope dy.
void leaky_relu_grad(const Exec& e, double slope, View x, View dy, MutView dx);

}  // namespace sumi::kernels::peer
