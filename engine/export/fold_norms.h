// Batch norm with fixed statistics as part of the linear map before it.
#pragma once

#include "engine/export/op_graph.h"

namespace sumi {

// Multiplies weights and biases so that fixed norms after convolutions and dense maps disappear:
//   w' = w gamma / sqrt(var + eps)      b' = (b - mean) gamma / sqrt(var + eps) + beta
// computed in f64 and rounded once. A map whose result is read elsewhere too keeps its norm.
// Returns the number of norms folded.
int fold_norms(OpGraph& graph);

}  // namespace sumi
