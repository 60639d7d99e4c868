// Models from options and from checkpoints.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/planned_network.h"

namespace sumi {

// Throws Error unless the checkpoint holds every parameter of the networks that `options` describe,
// in their shapes. To be called before memory is allocated, because the options come from a file.
void check_checkpoint_matches(const CheckpointFile& file, const TrainOptions& options);

// Throws Error if a run with `options` cannot start from the checkpoint's weights, naming the
// options that the networks were built with and that differ. The checkpoint is of the same model.
void check_init_compatible(const CheckpointFile& file, const TrainOptions& options);

// Builds the model that `options.model` names, freshly initialized from options.seed.
std::unique_ptr<Model> make_model(const TrainOptions& options);

// Moves a stored model to another device and precision unless they are "". Resets the precision to
// auto if the device does not support it. Sets the matmul precision of this thread's kernels.
void place_model(TrainOptions& options, const std::string& device, const std::string& precision);

// Loads the model of a checkpoint with its weights for inference, placed as by place_model().
// Stores its options in `options` unless null.
std::unique_ptr<Model> load_model(const CheckpointFile& file, TrainOptions* options = nullptr,
                                  const std::string& device = "", const std::string& precision = "");

// FILE; the newest readable full checkpoint of a run directory; or the shipped weights of that name
// (models/inference/shipped_files.h). Throws Error if none exists.
std::filesystem::path resolve_checkpoint(const std::filesystem::path& file_or_run);

}  // namespace sumi
