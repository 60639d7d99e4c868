// Kernels that only move memory, against the rate at which the same device streams memory.
#pragma once

#include <string>

#include "bench/target.h"

namespace sumi::bench {

// The lines whose name contains `word`, and that of the stream.
void measure_memory(Target& target, const std::string& word);

}  // namespace sumi::bench
