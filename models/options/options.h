// Settings of a run, and what follows from several of them.
#pragma once

#include <cstdint>

#include "engine/tensor.h"
#include "models/options/train_options.h"

namespace sumi {

// Images of each domain that a step takes: --batch-size times --n-critic times --accumulate.
std::int64_t pictures_per_step(const TrainOptions& options);

// Element types of a run: of activations inside networks; and of everything else (parameters, losses, images).
DType activations_of(const TrainOptions& options);
DType dtype_of(const TrainOptions& options);

// Resets `precision` to auto if the device does not support it (the checkpoint was made on another device). Returns whether it
// did.
bool fit_precision(TrainOptions& options);

}  // namespace sumi
