// The help pages of `sumi train MODEL`.
#pragma once

#include "models/registry.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

// A subcommand of train with its page, still without options.
CLI::App& add_model_command(CLI::App& train, const ModelSpec& info);

// What --data is for the options' model, in words.
const char* data_wanted(const TrainOptions& options);

}  // namespace sumi::cli
