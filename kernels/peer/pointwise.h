// cuDNN's pointwise operations by its graph interface, the only one there that has LeakyReLU.
#pragma once

#include "kernels/peer/library.h"

namespace sumi::kernels::peer {

// y = x where x > 0, else slope x. Same shape and type. The first call of a shape lets cuDNN make a
// plan.
void leaky_relu(const Exec& e, double slope, View x, MutView y);
// dx = dy where x > 0, else slope dy.
void leaky_relu_grad(const Exec& e, double slope, View x, View dy, MutView dx);

}  // namespace sumi::kernels::peer
