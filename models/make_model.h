// Models from options and from checkpoints.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/planned_network.h"

namespace sumi {

// Throws Error unless the checkpoint holds every parameter of the networks that `options` describe, in their
// shapes: asked before any memory is taken, because the options come from a file.
void check_checkpoint_matches(const CheckpointFile& file, const TrainOptions& options);

// Throws Error naming the options that the checkpoint's networks were made with and the run's are not, when a run with `options`
// could not start from its weights. Of the same model.
void check_init_compatible(const CheckpointFile& file, const TrainOptions& options);

// Builds the model that `options.model` names, freshly initialized from options.seed.
std::unique_ptr<Model> make_model(const TrainOptions& options);

// Puts a stored model on another device and precision, where they are given (not ""). A precision that the device does not have
// becomes auto. This thread's kernels multiply accordingly from then on.
void place_model(TrainOptions& options, const std::string& device, const std::string& precision);

// The model of a checkpoint with its weights, for inference (and its options through `options`, if given), placed as place_model() does.
std::unique_ptr<Model> load_model(const CheckpointFile& file, TrainOptions* options = nullptr,
                                  const std::string& device = "", const std::string& precision = "");

// FILE, or the newest readable full checkpoint of a run directory, or the weights that ship under that name
// (models/inference/shipped_files.h). Error when there is none.
std::filesystem::path resolve_checkpoint(const std::filesystem::path& file_or_run);

}  // namespace sumi
