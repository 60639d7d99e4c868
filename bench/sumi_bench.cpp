// sumi-bench: checks and times kernels. sumi-bench --help says how.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "bench/emu_report.h"
#include "bench/listing.h"
#include "bench/measure.h"
#include "bench/options.h"
#include "bench/table.h"

namespace sumi::bench {
namespace {

int complain(const std::string& line, int code) {
  std::fflush(stdout);
  fmt::print(stderr, "sumi-bench: {}\n", line);
  return code;
}

// Passes the library its flags. It keeps a pointer to the program's name.
void start_google(const Options& options) {
  static std::vector<std::string> words;
  words = {options.program, "--benchmark_min_time=0.1", "--benchmark_repetitions=5"};
  words.insert(words.end(), options.google.passed_on.begin(), options.google.passed_on.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) fail(argv[1], "Google Benchmark does not take this flag");
}

using Format = GoogleFlags::Format;

std::unique_ptr<benchmark::BenchmarkReporter> reporter_for(Format format, const std::vector<BenchRun>& rows,
                                                           const Roofline& roof,
                                                           const std::string& preamble) {
  if (format == Format::json) return std::make_unique<benchmark::JSONReporter>();
  if (format == Format::csv) return std::make_unique<Csv>();
  return std::make_unique<Table>(rows, roof, preamble);
}

int measure(const Options& options, const std::string& device) {
  BenchDevice target(device, options.threads);
  std::vector<std::string> notes;
  const std::vector<BenchRun> rows = runs_of(cases_of(options.filter), options.request, target, notes);
  start_google(options);
  const Roofline roof = measured_roofline(target);
  benchmark::AddCustomContext("sumi_device", target.description());
  benchmark::AddCustomContext("sumi_roofline", roof.str());
  benchmark::AddCustomContext("sumi_build", build_text());
  benchmark::AddCustomContext("sumi_timing",
                              "by sumi-bench around the kernels' calls, whatever library_build_type is");
  const std::string facts =
      fmt::format("{}; {}\nroofline measured here: {}\n", target.description(), build_text(), roof.str());
  std::string noted;
  for (const std::string& note : notes) noted += "note: " + note + "\n";
  const GoogleFlags& google = options.google;
  if (google.format != Format::table) fmt::print(stderr, "{}", noted);
  register_runs(rows, target, roof);
  const auto display = reporter_for(google.format, rows, roof, facts + noted);
  const auto file = reporter_for(google.out_format, rows, roof, facts + noted);
  benchmark::RunSpecifiedBenchmarks(display.get(), google.out.empty() ? nullptr : file.get(), ".");
  benchmark::ClearRegisteredBenchmarks();
  benchmark::Shutdown();
  return failed_runs() > 0 ? complain(fmt::format("{} rows are wrong or could not run", failed_runs()), 1)
                           : 0;
}

// The devices that are measured or counted. Without a GPU, a request may be known to only one of
// the two.
std::vector<std::string> targets_of(const Options& options) {
  if (options.device != "auto") return {options.device};
  if (!kernels::cuda_is_emulated() && BenchDevice::problem("cuda").empty()) return {"cuda"};
  if (options.google.wants_results() || !can_report()) return {"cpu"};
  return {"cpu", "emu"};
}

int run(const Options& options) {
  if (options.list) {
    print_operations(std::cout);
    return 0;
  }
  if (options.ladder) {
    print_ladder(options, std::cout);
    return 0;
  }
  const std::vector<std::string> targets = targets_of(options);
  if (options.google.list) {
    print_names(options, targets, std::cout);
    return 0;
  }
  if (targets.front() == "emu" && options.google.wants_results())
    fail("--device",
         "the emulation counts and measures nothing: it has no --benchmark_format and no --benchmark_out");
  int code = 0;
  std::size_t without_rows = 0;
  for (const std::string& target : targets) {
    try {
      code = std::max(code, target == "emu" ? report_emulated(options, std::cout) : measure(options, target));
    } catch (const NothingToMeasure&) {
      if (++without_rows == targets.size()) throw;
    }
  }
  return code;
}

}  // namespace
}  // namespace sumi::bench

int main(int argc, char** argv) {
  using namespace sumi::bench;
  const Parsed parsed = parse_options(argc, argv);
  if (parsed.done) {
    if (parsed.exit_code == 0) {
      fmt::print("{}", parsed.text);
      return 0;
    }
    return complain(parsed.text, parsed.exit_code);
  }
  try {
    return run(parsed.options);
  } catch (const sumi::Error& error) {
    return complain(error.what(), 2);
  } catch (const std::exception& error) {
    return complain(error.what(), 1);
  }
}
