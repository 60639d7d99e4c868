// What sumi-bench lists without measuring: the operations and the ladders.
#pragma once

#include <iosfwd>

#include "bench/options.h"

namespace sumi::bench {

void print_operations(std::ostream& out);
// The variants of the operations that are asked for, rung by rung: what changed, and for the first problem of each which
// fit and which runs.
void print_ladder(const Options& options, std::ostream& out);
// The names of the rows that are measured or counted: what --benchmark_filter is matched with. `targets`: as for Target.
void print_names(const Options& options, const std::vector<std::string>& targets, std::ostream& out);
// "CUDA kernels for the emulation, oneDNN": what this program was built with.
std::string build_text();

}  // namespace sumi::bench
