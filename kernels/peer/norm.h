// cuDNN's batch norm, f32 and bf16, with parameters and statistics in f32 like sumi's. Its forward
// pass is one call that computes the statistics and applies them, so it compares with norm_stats
// followed by norm_apply.
#pragma once

#include "kernels/norm.h"

namespace sumi::kernels::peer {

// y = gamma (x - mean) / sqrt(var + eps) + beta, and the statistics of x [1,1,1,c]; var is the
// biased variance.
void batch_norm(const Exec& e, const NormGeom& g, View x, View gamma, View beta, MutView mean, MutView var,
                MutView y);
// dx, dgamma, dbeta of it, through the statistics. Needs scratch memory.
void batch_norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View dy,
                         MutView dx, MutView dgamma, MutView dbeta);

}  // namespace sumi::kernels::peer
