// Reporters of sumi-bench: the table that it prints while it measures (a line for each work, and
// below it a line for each precision and variant), and CSV.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/bench_run.h"

namespace sumi::bench {

class Table : public benchmark::BenchmarkReporter {
 public:
  // `rows` in the order in which they run; `preamble` comes first.
  Table(const std::vector<BenchRun>& rows, const Roofline& roof, std::string preamble);

  bool ReportContext(const Context&) override;
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  void head(const BenchRun& row);
  void line(const BenchRun& row, const std::vector<Run>& runs);
  const std::vector<BenchRun>& rows_;
  const Roofline& roof_;
  std::string preamble_;
  const BenchCase* last_ = nullptr;
  const BenchRun* reported_ = nullptr;  // the row of the last line
};

// Google's columns, then a column for each counter, empty where a row does not have it. The
// library's own CSV ends the program when rows have different counters.
class Csv : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override;
  void ReportRuns(const std::vector<Run>& runs) override;
};

// "11 MB", "4.83 GFLOP".
std::string amount_text(double value, const char* unit);
// "1.234 ms", "56.7 us": three digits at least.
std::string time_text(double seconds);

}  // namespace sumi::bench
