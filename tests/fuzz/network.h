// What the targets of network files do with a network that was read.
#pragma once

#include "engine/graph/graph.h"

namespace fuzz {

// Lowers it for an image of 16x16 and runs it if it is small. Errors name the node, on one line.
void lower_and_run(const sumi::graph::Graph& graph);

}  // namespace fuzz
