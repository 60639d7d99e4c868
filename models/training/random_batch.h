// Random images in the place of a run's data, for steps that are measured or recorded.
#pragma once

#include <vector>

#include "engine/tensor.h"
#include "models/model.h"

namespace sumi {

// The inputs of a step: images [n,h,w,c] in [-1,1] of each domain, and behind them labels, all of one class, where the model learns
// from labels.
std::vector<Tensor> random_batch(const Model& model, const TrainOptions& options);

}  // namespace sumi
