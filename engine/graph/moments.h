// Mean or variance over the elements that a norm's statistics cover.
#pragma once

#include "engine/ops.h"

namespace sumi::graph {

// [1,1,1,c] for o.groups == x.c, [1,1,1,groups] otherwise; f32 also where x is bf16. n must be 1.
Tensor moment(const Tensor& x, const NormOptions& o, bool mean);

}  // namespace sumi::graph
