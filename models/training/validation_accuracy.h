// Accuracy of a classifier on held-out images.
#pragma once

#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "models/model.h"

namespace sumi {

// "0.912 of 1984, 0.63 of 320": the accuracy on at most 2048 images of each set. Leaves the model
// unchanged.
std::string held_out_accuracy(Model& model, const std::vector<Dataset>& sets, const TrainOptions& options);

}  // namespace sumi
