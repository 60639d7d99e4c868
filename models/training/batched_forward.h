// Two batches through a network in one pass, so that its filters are read, and their gradient is made, once.
#pragma once

#include <utility>

#include "engine/nn.h"

namespace sumi {

// Whether one pass gives what two would: the network treats each sample by itself (Module::uses_batch_statistics), and samples
// have one size.
bool can_batch(const Module& net, const Tensor& first, const Tensor& second);
// net(first) and net(second), in one pass. Only where can_batch().
std::pair<Tensor, Tensor> forward_pair(Module& net, const Tensor& first, const Tensor& second);

}  // namespace sumi
