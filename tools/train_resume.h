// sumi train --resume RUN.
#pragma once

#include <string>

#include "tools/cli/training_session.h"
#include "tools/train_options.h"

namespace sumi::cli {

// Both return the exit code. Throw UsageError for options that cannot change when a run is resumed.
int resume_run(const std::string& run, const OptionSet& given, const Output& output);
// `sumi train MODEL --resume RUN`. Also throws UsageError for a run of another model. Other options
// are accepted if they have the run's values, so that --resume can be added to the original
// command.
int resume_model(const std::string& model, const std::string& run, const OptionSet& given,
                 const Output& output);

}  // namespace sumi::cli
