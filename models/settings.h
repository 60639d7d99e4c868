// Settings of a model by its name: table, defaults, checks, and reading and writing them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/options/option_table.h"
#include "models/options/options.h"
#include "models/settings.h"

namespace sumi {

// The options that a model has. Throws Error listing the models for an unknown name.
const OptionTable& option_table(const std::string& model);
// Those of all models, each once.
const OptionTable& all_options();

// The model's default hyperparameters. Throws Error listing the models for an unknown name.
TrainOptions default_options(const std::string& model);

// Why the model does not have an option that others have: "its generator does not have batch norm".
std::string unsupported_reason(const Option& option, const std::string& model);

// Throws Error "[--option] value X: rule; cure" for values that are not allowed, options that contradict each other, and sizes that
// the model's networks cannot have.
void validate(const TrainOptions& options);

// Whether the images of a run are prepared by --preprocess, --load-size and --crop-size; otherwise they are squares of --size.
bool takes_crops(const TrainOptions& options);
// Whether all images of a run have the same height and width, whatever the folders hold.
bool pictures_have_one_size(const TrainOptions& options);

// Channels of a training example: of an image, or of a packed example.
int example_channels(const TrainOptions& options);

// Height and width of the images of a run: crops or squares.
int picture_side(const TrainOptions& options);

nlohmann::ordered_json to_json(const TrainOptions& options);
// Overwrites what `json` names. Errors that begin with [where] for unknown names, wrong types and another model.
void update_from_json(TrainOptions& options, const nlohmann::ordered_json& json, const std::string& where);
// Reads a --config file: see read_config(). Paths in a run's options.json are relative to the folder in which it was started.
void update_from_config(TrainOptions& options, const std::string& path);

// The options in a file, whose model and options may have former names. Errors that begin with [where]; `cure` is what to do when
// the file contradicts itself. Not validated.
TrainOptions stored_options(const std::string& model, nlohmann::ordered_json json, const std::string& where,
                            const std::string& cure);

}  // namespace sumi
