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
// finite; then some may have been overwritten. "module." and "_orig_mod." before all names are left out, as is any other prefix
// before all names of one network. std::invalid_argument when `net` is empty and the names do not say whose
// they are. Memory is taken for tensors that fit, one at a time.
std::int64_t take_weights(const std::string& file, const std::string& net,
                          const std::vector<Model::Network>& networks);

// Throws the same Error for names and shapes that do not fit networks that are only planned. Reads no values.
void check_weights_fit(const std::string& file, const std::string& net,
                       const std::vector<PlannedNetwork>& networks);

// The one option with which the file's tensors would fit the model of `options`, "--dropout" or "--ngf 32"; "" for none that is
// tried.
std::string fitting_option(const std::string& file, const std::string& net, const TrainOptions& options);

}  // namespace sumi
