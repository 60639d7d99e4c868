// Listings of sumi-bench: operations, variants and benchmark names.
#pragma once

#include <iosfwd>

#include "bench/options.h"

namespace sumi::bench {

void print_operations(std::ostream& out);
// Prints the variants of the selected operations: what changed in each, and for the first problem
// of each operation which variants fit and which one runs.
void print_ladder(const Options& options, std::ostream& out);
// Prints the names of the runs, which --benchmark_filter matches. `targets`: device names as for
// BenchDevice.
void print_names(const Options& options, const std::vector<std::string>& targets, std::ostream& out);
// The build configuration: "CUDA kernels for the emulation, oneDNN".
std::string build_text();

}  // namespace sumi::bench
