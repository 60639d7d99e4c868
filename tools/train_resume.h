// sumi train --resume RUN.
#pragma once

#include <string>

#include "tools/cli/training_session.h"
#include "tools/train_options.h"

namespace sumi::cli {

// Both return the exit code. UsageError for options that cannot change when a run is resumed.
int resume_run(const std::string& run, const OptionSet& given, const Output& output);
// `sumi train MODEL --resume RUN`: UsageError also for a run of another model. Other options are possible where they are what the
// run has: people add --resume to the line that began it.
int resume_model(const std::string& model, const std::string& run, const OptionSet& given,
                 const Output& output);

}  // namespace sumi::cli
