// Two batches through a network in one pass, so that its filters are read, and their gradient is made, once.
#pragma once

#include "engine/nn.h"

namespace sumi {

// What a network makes of `first` and of `second`.
struct Pair {
  Tensor first, second;
};

// Whether one pass gives what two would: the network treats each sample by itself (Module::uses_batch_statistics), and samples
// have one size.
bool can_batch(const Module& net, const Tensor& first, const Tensor& second);
// Runs the network once over both. Only where can_batch().
Pair forward_pair(Module& net, const Tensor& first, const Tensor& second);

}  // namespace sumi
