// What sumi-bench prints while it measures: a line for each work, and below it a line for each precision and variant.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/rows.h"

namespace sumi::bench {

class Table : public benchmark::BenchmarkReporter {
 public:
  // `rows` in the order in which they run; what is reported goes to `out`.
  Table(const std::vector<Row>& rows, const Roofline& roof, std::ostream& out);

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  void head(const Row& row);
  const std::vector<Row>& rows_;
  const Roofline& roof_;
  std::ostream& out_;
  const Work* last_ = nullptr;
};

// "11 MB", "4.83 GFLOP".
std::string amount_text(double value, const char* unit);
// "1.234 ms", "56.7 us": three digits at least.
std::string time_text(double seconds);

}  // namespace sumi::bench
