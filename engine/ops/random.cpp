// Dropout: a random mask times x, so its derivatives are those of mul.
#include "engine/random.h"

#include "engine/ops.h"

namespace sumi {

Tensor dropout(const Tensor& x, double p, RandomStream& stream) {
  if (p < 0 || p >= 1) fail("dropout", "the probability must lie in [0, 1)");
  return mul(x, stream.bernoulli(x.shape(), x.dtype(), x.device(), 1 - p, 1 / (1 - p)));
}

}  // namespace sumi
