// Two batches through a network in one pass, which reads the filters and computes their gradient
// once.
#pragma once

#include <utility>

#include "engine/nn.h"

namespace sumi {

// Returns true if one pass gives the same results as two: the network treats each sample separately
// (Module::uses_batch_statistics), and the samples have one size.
bool can_batch(const Module& net, const Tensor& first, const Tensor& second);
// net(first) and net(second), in one pass. Requires can_batch().
std::pair<Tensor, Tensor> forward_pair(Module& net, const Tensor& first, const Tensor& second);

}  // namespace sumi
