// Weights of other programs, with PyTorch's layouts, into a model's networks.
#pragma once

#include <string>
#include <vector>

#include "models/inference/weight_match.h"
#include "models/model.h"
#include "models/planned_network.h"

namespace sumi {

// Overwrites parameters and running statistics of the networks with those of the file's chosen
// dictionary: of the network `net`, or of all if it is empty and tensor names begin with the
// network's ("g.main.0.weight"). Throws one Error naming every tensor that is missing, extra, not
// finite or of another shape; then some may have been overwritten. Throws std::invalid_argument if
// `net` is empty and the names do not say which network they belong to. Allocates memory for one
// matching tensor at a time. `path` is the file in errors.
WeightMatch take_weights(const WeightFile& file, const std::string& path, const std::string& net,
                         const std::vector<Model::Network>& networks, NameRule rule = NameRule::by_name);

// Throws the same Error for names and shapes that do not match networks without memory. Does not
// read values.
WeightMatch check_weights_fit(const WeightFile& file, const std::string& path, const std::string& net,
                              const std::vector<PlannedNetwork>& networks, NameRule rule = NameRule::by_name);

// The single option with which the file's tensors would fit the model of `options`, "--dropout" or
// "--ngf 32"; "" if none of the candidates works.
std::string fitting_option(const WeightFile& file, const std::string& path, const std::string& net,
                           const TrainOptions& options);

// Chooses the part of the file that fits the networks of `options` (choose_part) and takes its
// weights. Names must match, or with no other options could; then the order of the tensors counts.
// Throws the Error of take_weights, with the option that would fit: "they fit with --dropout".
WeightMatch import_weights(WeightFile& file, const std::string& path, const std::string& key,
                           const std::string& net, const TrainOptions& options,
                           const std::vector<Model::Network>& networks);

}  // namespace sumi
