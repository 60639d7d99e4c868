// Conversion between cuDNN's 1 / sqrt(var + eps) and sumi's variance, one launch each.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels::peer {

void inverse_deviation(const Exec& e, const float* var, double eps, float* inverse, std::int64_t count);
// In place.
void variance_of_inverse(const Exec& e, double eps, float* inverse_to_var, std::int64_t count);

}  // namespace sumi::kernels::peer
