// The pieces of a norm that the norm op and the block op share.
#pragma once

#include "engine/ops.h"
#include "kernels/norm.h"

namespace sumi {

// The statistics one application used; `fixed` says that they came from running statistics.
struct NormState {
  Tensor mean, var;
  bool fixed = false;
};

kernels::NormGeom norm_geom(const Shape& x, const NormOptions& o);

// Computes the statistics of x and updates `running` in training; else takes the running ones.
NormState norm_statistics(const Tensor& x, const NormOptions& o, const RunningStats* running, bool training);

// act(gamma xhat + beta) with ops; statistics from `state` only if it is fixed.
Tensor norm_composition(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                        const NormState& state);

// dx of the fused norm, with o.act; dgamma and dbeta go to the inputs `gamma_at` and `beta_at` of
// `grads`.
Tensor norm_input_grad(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                       const NormState& state, const Tensor& dy, Grads& grads, int gamma_at, int beta_at);

}  // namespace sumi
