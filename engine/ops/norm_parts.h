// Parts shared by the norm op and the block op.
#pragma once

#include "engine/ops.h"
#include "kernels/norm.h"

namespace sumi {

// The statistics that one application used. `fixed`: they are running statistics.
struct NormState {
  Tensor mean, var;
  bool fixed = false;
};

kernels::NormGeom norm_geom(const Shape& x, const NormOptions& o);

// Computes the statistics of x and, in training, updates `running`; at inference returns the
// running ones.
NormState norm_statistics(const Tensor& x, const NormOptions& o, const RunningStats* running, bool training);

// act(gamma xhat + beta) composed of ops; uses the statistics of `state` only if they are fixed.
Tensor norm_composition(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                        const NormState& state);

// dx of the fused norm, with o.act; dgamma and dbeta go to the inputs `gamma_at` and `beta_at` of
// `grads`.
Tensor norm_input_grad(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                       const NormState& state, const Tensor& dy, Grads& grads, int gamma_at, int beta_at);

}  // namespace sumi
