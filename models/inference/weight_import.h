// Weights with PyTorch's names and layouts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/planned_network.h"

namespace sumi {

// Overwrites parameters and running statistics of the networks with those of a safetensors file: of
// the network `net`, or of all if it is empty and tensor names begin with the network's
// ("g.main.0.weight"). Returns the number of tensors taken. Throws one Error naming every tensor
// that is missing, extra, not finite or of another shape; then some may have been overwritten.
// Ignores "module." and "_orig_mod." before all names, and any other prefix before all names of one
// network. Throws std::invalid_argument if `net` is empty and the names do not say which network
// they belong to. Allocates memory for one matching tensor at a time.
std::int64_t take_weights(const std::string& file, const std::string& net,
                          const std::vector<Model::Network>& networks);

// Throws the same Error for names and shapes that do not match networks without memory. Does not
// read values.
void check_weights_fit(const std::string& file, const std::string& net,
                       const std::vector<PlannedNetwork>& networks);

// The single option with which the file's tensors would fit the model of `options`, "--dropout" or
// "--ngf 32"; "" if none of the candidates works.
std::string fitting_option(const std::string& file, const std::string& net, const TrainOptions& options);

}  // namespace sumi
