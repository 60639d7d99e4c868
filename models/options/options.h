// Quantities derived from a run's settings.
#pragma once

#include <cstdint>

#include "engine/tensor.h"
#include "models/options/train_options.h"

namespace sumi {

// Images of each domain per step: --batch-size times --n-critic times --accumulate.
std::int64_t images_per_step(const TrainOptions& options);

// Element types of a run: of the activations inside networks, and of everything else (parameters,
// losses, images).
DType activations_of(const TrainOptions& options);
DType dtype_of(const TrainOptions& options);

// Resets `precision` to auto if the device does not support it (the checkpoint was made on another
// device). Returns true if it did.
bool fit_precision(TrainOptions& options);

}  // namespace sumi
