// Each row as a benchmark of Google's library: checked, then timed.
#pragma once

#include "bench/rows.h"

namespace sumi::bench {

// What a row's check said.
struct Checked {
  double worst = 0;
  std::string ran;    // the implementation, as it names itself
  std::string error;  // why it is not timed: wrong results, or what it threw; empty when all is well
};
// Runs the row once on fresh operands and compares with `expected`.
Checked check_row(const Row& row, Target& target, const Views& views, const Expected& expected);

// Registers the rows, in order. All references must live until the benchmarks have run.
void register_rows(const std::vector<Row>& rows, Target& target, const Roofline& roof);

// How many rows were wrong or could not run, since the program began.
int failed_rows();

}  // namespace sumi::bench
