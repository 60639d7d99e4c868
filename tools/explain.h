// --explain: one training step as a table.
#pragma once

#include <string>
#include <vector>

#include "engine/runtime/trace.h"

namespace sumi::cli {

// Every op in order with its module, shapes, kernels and time; totals of each phase at the end.
std::string explain_table(const std::vector<OpRecord>& records, int width);

}  // namespace sumi::cli
