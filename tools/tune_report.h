// The measurements of sumi tune as a table.
#pragma once

#include <string>
#include <vector>

#include "engine/runtime/conv_tuning.h"

namespace sumi::cli {

std::string tune_report(const std::vector<TunedConv>& tuned, int width);

}  // namespace sumi::cli
