// The help pages of `sumi train MODEL`.
#pragma once

#include "models/registry.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

// Adds a subcommand of train with its help page, without options.
CLI::App& add_model_command(CLI::App& train, const ModelSpec& info);

// Description of --data for the options' model.
const char* data_wanted(const TrainOptions& options);

}  // namespace sumi::cli
