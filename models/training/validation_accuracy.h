// How well a classifier knows pictures that it was not trained on.
#pragma once

#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "models/model.h"

namespace sumi {

// "0.912 of 1984, 0.63 of 320": the share of right classes in each set, by at most 2048 pictures of it. The model is as it was.
std::string held_out_accuracy(Model& model, const std::vector<Dataset>& sets, const TrainOptions& options);

}  // namespace sumi
