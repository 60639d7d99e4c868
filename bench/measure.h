// Each row as a benchmark of Google's library: checked, then timed.
#pragma once

#include "bench/bench_run.h"

namespace sumi::bench {

// What a row's check said.
struct Checked {
  double worst = 0;
  std::string ran;  // the implementation, as it names itself
  // why it is not timed: wrong results, or what it threw; empty when all is well
  std::string error;
};
// Runs the row once on fresh operands and compares with `expected`.
Checked check_run(const BenchRun& row, BenchDevice& target, const Views& views, const Expected& expected);

// Registers the rows, in order. All references must live until the benchmarks have run.
void register_runs(const std::vector<BenchRun>& rows, BenchDevice& target, const Roofline& roof);

// How many rows were wrong or could not run, since the program began.
int failed_runs();

}  // namespace sumi::bench
