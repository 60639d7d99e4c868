// The help pages of `sumi train MODEL`.
#pragma once

#include "models/model.h"
#include "tools/cli.h"

namespace sumi::cli {

// A subcommand of train with its page, still without options.
CLI::App& add_model_command(CLI::App& train, const ModelInfo& info);

}  // namespace sumi::cli
