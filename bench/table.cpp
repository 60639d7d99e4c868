#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>

#include "bench/clock.h"
#include "bench/measure.h"

namespace sumi::bench {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

// "conv/fprop/n1h8.../f32/naive/manual_time/..." -> the row's name.
const Row* row_of(const std::vector<Row>& rows, const std::string& function_name) {
  for (const Row& row : rows)
    if (row.name() == function_name) return &row;
  return nullptr;
}

double counter(const Run& run, const char* name, double otherwise) {
  const auto found = run.counters.find(name);
  return found == run.counters.end() ? otherwise : found->second.value;
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

Table::Table(const std::vector<Row>& rows, const Roofline& roof, std::ostream& out)
    : rows_(rows), roof_(roof), out_(out) {}

void Table::head(const Row& row) {
  const Work& work = *row.work;
  out_ << fmt::format("\n{}{} {}{}\n", work.op, work.part.empty() ? "" : " " + work.part, work.problem,
                      work.layer.empty() ? "" : "  (" + work.layer + ")");
  out_ << "  " << (work.by_memory() ? "" : amount_text(work.flop, "FLOP") + ", ")
       << amount_text(work.bytes(row.precision.dtype), "B") << " in " << row.precision.name << ", not below "
       << time_text(roof_.seconds(work, row.precision)) << " on this device\n";
  out_ << fmt::format("  {:<7} {:<16} {:>10} {:>7} {:>16} {:>7} {:>7} {:>8}  {}\n", "type", "variant", "time",
                      "spread%", "rate", "roof%", "peer%", "error", "ran");
}

void Table::ReportRuns(const std::vector<Run>& runs) {
  if (runs.empty() || runs.front().run_type == Run::RT_Aggregate) return;  // medians are ours
  const Row* row = row_of(rows_, runs.front().run_name.function_name);
  if (!row) return;
  if (last_ != row->work.get()) head(*row);
  last_ = row->work.get();
  std::vector<double> seconds;
  for (const Run& run : runs) {
    if (run.error_occurred) {
      out_ << fmt::format("  {:<7} {:<16} {}\n", row->precision.name, row->variant, run.error_message);
      out_.flush();
      return;
    }
    seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
  }
  const double median = quantile(seconds, 0.5);
  if (row->is_peer) set_peer_seconds(row->group(), median);
  // Of the run whose time is the median: the counters are rates, so all of them belong to it.
  const Run& typical = *std::min_element(runs.begin(), runs.end(), [&](const Run& a, const Run& b) {
    const auto off = [&](const Run& r) {
      return std::abs(r.real_accumulated_time / static_cast<double>(r.iterations) - median);
    };
    return off(a) < off(b);
  });
  const bool memory = row->work->by_memory();
  const std::string label = typical.report_label, ran = label.substr(0, label.find(" | "));
  out_ << fmt::format("  {:<7} {:<16} {:>10} {:>7.1f} {:>8.1f} {:<7} {:>7} {:>7} {:>8.1e}  {}\n",
                      row->precision.name, row->variant, time_text(median),
                      100 * (quantile(seconds, 1) - quantile(seconds, 0)) / median,
                      counter(typical, memory ? "GB/s" : "GFLOP/s", 0), memory ? "GB/s" : "GFLOP/s",
                      percent(counter(typical, "roofline_percent", -1)),
                      percent(counter(typical, "peer_percent", -1)), counter(typical, "worst_error", 0), ran);
  out_.flush();
}

}  // namespace sumi::bench
