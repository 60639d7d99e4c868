// Reporters of sumi-bench: the table printed while measuring (a line per case, and below it a line
// per precision and variant), and CSV.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/bench_run.h"

namespace sumi::bench {

class Table : public benchmark::BenchmarkReporter {
 public:
  // `rows` in the order in which they run; `preamble` is printed first.
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
  const BenchRun* reported_ = nullptr;  // the most recently printed row
};

// Google's columns, then one column per counter, empty for rows without it. The library's own CSV
// reporter exits the program if rows have different counters.
class Csv : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override;
  void ReportRuns(const std::vector<Run>& runs) override;
};

// "11 MB", "4.83 GFLOP".
std::string amount_text(double value, const char* unit);
// "1.234 ms", "56.7 us": at least three digits.
std::string time_text(double seconds);

}  // namespace sumi::bench
