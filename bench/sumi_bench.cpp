// sumi-bench: checks and times kernels. sumi-bench --help says how.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "bench/emu_report.h"
#include "bench/lists.h"
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

// Google Benchmark reads flags from argv and ends the program when one is malformed, so what it does not know is found
// here first.
int start_google(const Options& options) {
  std::vector<std::string> words{"sumi-bench", "--benchmark_min_time=0.1", "--benchmark_repetitions=5"};
  words.insert(words.end(), options.google.begin(), options.google.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) return complain(fmt::format("unknown option {} (see sumi-bench --help)", argv[1]), 2);
  return 0;
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print("note: {}\n", note);
}

int measure(const Options& options, const std::string& device) {
  Target target(device, options.threads);
  std::vector<std::string> notes;
  const std::vector<Row> rows = rows_of(works_of(options.wanted), options.asked, target, notes);
  if (const int code = start_google(options)) return code;
  const bool table = std::none_of(options.google.begin(), options.google.end(), [](const std::string& flag) {
    return flag.rfind("--benchmark_format=", 0) == 0 || flag.rfind("--benchmark_list_tests", 0) == 0;
  });
  const Roofline roof = measured_roofline(target);
  benchmark::AddCustomContext("sumi_device", target.description());
  benchmark::AddCustomContext("sumi_roofline", roof.str());
  benchmark::AddCustomContext("sumi_build", build_text());
  if (table) {
    fmt::print("{}; {}\nroofline measured here: {}\n", target.description(), build_text(), roof.str());
    print_notes(notes);
    std::fflush(stdout);
  }
  register_rows(rows, target, roof);
  Table reporter(rows, roof, std::cout);
  benchmark::RunSpecifiedBenchmarks(table ? &reporter : nullptr);
  benchmark::ClearRegisteredBenchmarks();
  benchmark::Shutdown();
  return failed_rows() > 0 ? complain(fmt::format("{} rows are wrong or could not run", failed_rows()), 1)
                           : 0;
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
  const bool has_gpu = !kernels::cuda_is_emulated() && Target::problem("cuda").empty();
  const bool automatic = options.device == "auto";
  if (options.device == "emu") return report_emulated(options, std::cout);
  if (!automatic || has_gpu) return measure(options, automatic ? "cuda" : options.device);
  // What was asked for may be known to GPUs only.
  const auto& asked = options.asked.precisions;
  const bool on_cpu =
      std::any_of(asked.begin(), asked.end(), [](const std::string& p) { return p == "f32" || p == "bf16"; });
  const int code = on_cpu || !can_report() ? measure(options, "cpu") : 0;
  return code == 0 && can_report() ? report_emulated(options, std::cout) : code;
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
