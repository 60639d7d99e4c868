// Random images instead of a run's data, for steps that are measured or recorded.
#pragma once

#include <vector>

#include "engine/tensor.h"
#include "models/model.h"

namespace sumi {

// The inputs of a step: images [n,h,w,c] in [-1,1] for each domain, followed by labels, all of one
// class, if the model learns from labels.
std::vector<Tensor> random_batch(const Model& model, const TrainOptions& options);

}  // namespace sumi
