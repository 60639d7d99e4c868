// Runs as benchmarks of Google's library: checked, then timed.
#pragma once

#include "bench/bench_run.h"

namespace sumi::bench {

// The result of checking a run.
struct Checked {
  double worst = 0;
  std::string ran;  // the implementation's name
  // why it is not timed: wrong results, or what it threw; empty if there is no error
  std::string error;
};
// Executes the run once on fresh operands and compares with `expected`.
Checked check_run(const BenchRun& row, BenchDevice& target, const Views& views, const Expected& expected);

// Registers the runs, in order. All references must live until the benchmarks have run.
void register_runs(const std::vector<BenchRun>& rows, BenchDevice& target, const Roofline& roof);

// The number of runs that were wrong or failed, since the program began.
int failed_runs();

}  // namespace sumi::bench
