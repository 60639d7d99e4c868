// Weights with PyTorch's names and layouts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/model.h"

namespace sumi {

// Overwrites parameters and running statistics of the networks with those of a safetensors file: of the
// network `net`, or of all when it is empty and the names begin with the network's ("g.main.0.weight").
// Returns how many tensors were taken. One Error names every tensor that is missing, extra, of another shape or not
// finite; then some may have been overwritten. std::invalid_argument when `net` is empty and the names do not say whose
// they are. Memory is taken for tensors that fit, one at a time.
std::int64_t take_weights(const std::string& file, const std::string& net,
                          const std::vector<Model::Network>& networks);

}  // namespace sumi
