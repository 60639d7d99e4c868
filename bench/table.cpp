#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>

#include "bench/clock.h"

namespace sumi::bench {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

// "conv/fprop/n1h8.../f32/naive/manual_time/..." -> the run with that name.
const BenchRun* row_of(const std::vector<BenchRun>& rows, const std::string& function_name) {
  for (const BenchRun& row : rows)
    if (row.name() == function_name) return &row;
  return nullptr;
}

double counter(const Run& run, const char* name, double otherwise) {
  const auto found = run.counters.find(name);
  return found == run.counters.end() ? otherwise : found->second.value;
}

// The counters of all runs: Bench::count in measure.cpp.
constexpr const char* kCounters[] = {"GFLOP/s", "GB/s", "roofline_percent", "peer_percent", "worst_error"};

// A text as a CSV field.
std::string quoted(const std::string& text) {
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
  return field + "\"";
}

// Seconds per call; an aggregate's accumulated time is that of its repetitions together.
double seconds_of(const Run& run) {
  return run.real_accumulated_time / static_cast<double>(run.iterations);
}

std::string percent(double value) {
  return value < 0 ? "" : fmt::format("{:.1f}", value);
}

}  // namespace

std::string amount_text(double value, const char* unit) {
  const double units[] = {1e12, 1e9, 1e6, 1e3};
  const char letters[] = {'T', 'G', 'M', 'k'};
  for (int i = 0; i < 4; ++i)
    if (value >= units[i]) return fmt::format("{:.3g} {}{}", value / units[i], letters[i], unit);
  return fmt::format("{:.3g} {}", value, unit);
}

std::string time_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:.3f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.4g} ms", 1e3 * seconds);
  if (seconds >= 1e-6) return fmt::format("{:.4g} us", 1e6 * seconds);
  return fmt::format("{:.3g} ns", 1e9 * seconds);
}

Table::Table(const std::vector<BenchRun>& rows, const Roofline& roof, std::string preamble)
    : rows_(rows), roof_(roof), preamble_(std::move(preamble)) {}

bool Table::ReportContext(const Context&) {
  GetOutputStream() << preamble_ << std::flush;
  return true;
}

void Table::head(const BenchRun& row) {
  const BenchCase& bench_case = *row.bench_case;
  std::ostream& out = GetOutputStream();
  out << fmt::format("\n{}{} {}{}\n", bench_case.op, bench_case.part.empty() ? "" : " " + bench_case.part,
                     bench_case.problem, bench_case.layer.empty() ? "" : "  (" + bench_case.layer + ")");
  out << "  " << (bench_case.by_memory() ? "" : amount_text(bench_case.flop, "FLOP") + ", ")
      << amount_text(bench_case.bytes(row.precision.dtype), "B") << " in " << row.precision.name
      << ", not below " << time_text(roof_.seconds(bench_case, row.precision)) << " on this device\n";
  out << fmt::format("  {:<7} {:<16} {:>10} {:>7} {:>16} {:>7} {:>7} {:>8}  {}\n", "type", "variant", "time",
                     "spread%", "rate", "roof%", "peer%", "error", "ran");
}

void Table::ReportRuns(const std::vector<Run>& runs) {
  if (runs.empty()) return;
  const BenchRun* row = row_of(rows_, runs.front().run_name.function_name);
  if (!row) return;
  std::vector<Run> used = runs;
  if (runs.front().run_type == Run::RT_Aggregate) {
    // Medians are computed here, unless the library was asked for aggregates only.
    if (reported_ == row) return;
    std::erase_if(used, [](const Run& run) { return run.aggregate_name != "median"; });
    if (used.empty()) return;
  }
  reported_ = row;
  if (last_ != row->bench_case.get()) head(*row);
  last_ = row->bench_case.get();
  line(*row, used);
  GetOutputStream().flush();
}

void Table::line(const BenchRun& row, const std::vector<Run>& runs) {
  std::vector<double> seconds;
  for (const Run& run : runs) {
    if (run.error_occurred) {
      GetOutputStream() << fmt::format("  {:<7} {:<16} {}\n", row.precision.name, row.variant,
                                       run.error_message);
      return;
    }
    seconds.push_back(seconds_of(run));
  }
  const double median = quantile(seconds, 0.5);
  // The run with the median time: the counters are rates, so all of them belong to it.
  const Run& typical = *std::min_element(runs.begin(), runs.end(), [&](const Run& a, const Run& b) {
    return std::abs(seconds_of(a) - median) < std::abs(seconds_of(b) - median);
  });
  const bool memory = row.bench_case->by_memory();
  const std::string label = typical.report_label, ran = label.substr(0, label.find(" | "));
  const double spread = 100 * (quantile(seconds, 1) - quantile(seconds, 0)) / median;
  GetOutputStream() << fmt::format(
      "  {:<7} {:<16} {:>10} {:>7} {:>8.1f} {:<7} {:>7} {:>7} {:>8.1e}  {}\n", row.precision.name,
      row.variant, time_text(median), typical.run_type == Run::RT_Aggregate ? "" : percent(spread),
      counter(typical, memory ? "GB/s" : "GFLOP/s", 0), memory ? "GB/s" : "GFLOP/s",
      percent(counter(typical, "roofline_percent", -1)), percent(counter(typical, "peer_percent", -1)),
      counter(typical, "worst_error", 0), ran);
}

bool Csv::ReportContext(const Context&) {
  std::ostream& out = GetOutputStream();
  out << "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,error_"
         "occurred,"
         "error_message";
  for (const char* name : kCounters) out << "," << quoted(name);
  out << std::endl;
  return true;
}

void Csv::ReportRuns(const std::vector<Run>& runs) {
  std::ostream& out = GetOutputStream();
  for (const Run& run : runs) {
    out << quoted(run.benchmark_name()) << ",";
    if (run.error_occurred) {
      out << ",,,,,,,true," << quoted(run.error_message) << std::string(std::size(kCounters), ',')
          << std::endl;
      continue;
    }
    const bool ratio = run.aggregate_unit == benchmark::kPercentage && run.run_type == Run::RT_Aggregate;
    out << run.iterations << "," << (ratio ? run.real_accumulated_time : run.GetAdjustedRealTime()) << ","
        << (ratio ? run.cpu_accumulated_time : run.GetAdjustedCPUTime()) << ","
        << (ratio ? "" : benchmark::GetTimeUnitString(run.time_unit)) << ",,," << quoted(run.report_label)
        << ",,";
    for (const char* name : kCounters) {
      const auto found = run.counters.find(name);
      out << ",";
      if (found != run.counters.end()) out << found->second.value;
    }
    out << std::endl;
  }
}

}  // namespace sumi::bench
