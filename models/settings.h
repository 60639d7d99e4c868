// Settings of a model by its name: option table, defaults, checks, JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/options/option_table.h"
#include "models/options/options.h"
#include "models/settings.h"

namespace sumi {

// The options of a model. Throws Error listing the models for an unknown name.
const OptionTable& option_table(const std::string& model);
// The options of all models, each once.
const OptionTable& all_options();

// The model's default hyperparameters. Throws Error listing the models for an unknown name.
TrainOptions default_options(const std::string& model);

// The reason why a model does not have an option that others have: "its generator does not have
// batch norm".
std::string unsupported_reason(const Option& option, const std::string& model);

// Throws Error "[--option] value X: rule; cure" for invalid values, contradictory options, and
// sizes that the model's networks do not support.
void validate(const TrainOptions& options);

// Returns true if --preprocess, --load-size and --crop-size prepare the images of a run; otherwise
// they are squares of --size.
bool takes_crops(const TrainOptions& options);
// Returns true if all images of a run have the same height and width, regardless of the data.
bool images_have_one_size(const TrainOptions& options);

// Channels of a training example: of an image, or of a packed example.
int example_channels(const TrainOptions& options);

// Size of the images of a run: of its crops, or --size.
ImageSize image_size(const TrainOptions& options);

nlohmann::ordered_json to_json(const TrainOptions& options);
// Overwrites the options named in `json`. Throws errors that begin with [where] for unknown names,
// wrong types and another model.
void update_from_json(TrainOptions& options, const nlohmann::ordered_json& json, const std::string& where);
// Reads a --config file: see read_config(). Paths in a run's options.json are relative to the
// folder in which it was started.
void update_from_config(TrainOptions& options, const std::string& path);

// The options in a file, which may use former names of the model and its options. Throws errors
// that begin with [where]; `cure` says what to do if the file contradicts itself. Does not
// validate.
TrainOptions stored_options(const std::string& model, nlohmann::ordered_json json, const std::string& where,
                            const std::string& cure);

}  // namespace sumi
