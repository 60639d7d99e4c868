// Joining of steps: norms that were written out, affine maps, and what the engine's block op does
// in one pass.
#pragma once

#include "engine/graph/plan.h"

namespace sumi::graph {

// Changes no result beyond rounding.
void fuse(Plan& plan);

}  // namespace sumi::graph
