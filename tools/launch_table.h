// --count: the launches of a step as a table.
#pragma once

#include <string>

#include "models/training/trainer.h"

namespace sumi::cli {

// A row for each kernel, the most frequent first, and a line with the sums.
std::string launch_table(const StepLaunches& step, int width);

}  // namespace sumi::cli
