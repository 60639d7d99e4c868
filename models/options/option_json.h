// Options as flat JSON: in checkpoints, options.json and --config files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/options/option_table.h"

namespace sumi {

// The model's name, and the value of every row under the row's name.
nlohmann::ordered_json options_to_json(const OptionTable& table, const TrainOptions& options);

// Overwrites the options that `json` names by their names or former names; "no-NAME" is the
// opposite of a flag NAME. Throws errors that begin with [where] for unknown names and values of
// another type.
void options_from_json(const OptionTable& table, TrainOptions& options, const nlohmann::ordered_json& json,
                       const std::string& where);

// The options in a --config file: a JSON object (such as a run's options.json), or lines `name =
// value` with # comments. Throws errors that begin with [where].
nlohmann::ordered_json read_config(const std::string& path, const std::string& where);

// `value` as text. Throws an error that begins with [where] for another type.
std::string json_text(const nlohmann::ordered_json& value, const std::string& name, const std::string& where);

// Replaces a former spelling of a value by the present one.
void update_word(const Option& option, std::string& value);

}  // namespace sumi
