// Reports on the CUDA kernels without a GPU.
#pragma once

#include <iosfwd>

#include "bench/options.h"

namespace sumi::bench {

// Returns true if this build emulates a GPU and counts accesses.
bool can_report();
// Adapts `options` to the emulation: small tensors, no baselines.
Options emulated(Options options);
// Prints for each case, precision and variant the launches, their memory accesses, and the roofline
// limit of a GPU. Returns the exit code.
int report_emulated(const Options& options, std::ostream& out);

}  // namespace sumi::bench
