// What can be known of the CUDA kernels without a GPU.
#pragma once

#include <iosfwd>

#include "bench/options.h"

namespace sumi::bench {

// Whether this build can: it emulates a GPU and counts.
bool can_report();
// `options` as the emulation takes them: small tensors, no peers.
Options emulated(Options options);
// For each work, precision and variant: the launches, how they ask for memory, and below what a GPU
// cannot stay. Returns the exit code.
int report_emulated(const Options& options, std::ostream& out);

}  // namespace sumi::bench
