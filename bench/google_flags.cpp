#include "bench/google_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kernels/base/check.h"

namespace sumi::bench {
namespace {

struct Flag {
  std::string name, value;  // "--benchmark_out", "x.json"
  std::string text;
};

Flag split(const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  return {text.substr(0, equals), equals < text.size() ? text.substr(equals + 1) : "", text};
}

void check_number(const Flag& flag, double least, double most) {
  char* end = nullptr;
  const double v = std::strtod(flag.value.c_str(), &end);
  if (flag.value.empty() || *end != 0 || !(v >= least && v <= most))
    fail(flag.name, fmt::format("'{}' is not a number from {} to {}", flag.value, least, most));
}

void check_choice(const Flag& flag, const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), flag.value) == choices.end())
    fail(flag.name, fmt::format("'{}' is not one of: {}", flag.value, fmt::join(choices, " ")));
}

// A flag without a value is set.
bool truth_of(const Flag& flag) {
  if (flag.text == flag.name) return true;
  check_choice(flag, {"true", "false", "yes", "no", "on", "off", "1", "0"});
  return flag.value == "true" || flag.value == "yes" || flag.value == "on" || flag.value == "1";
}

GoogleFlags::Format format_of(const Flag& flag) {
  check_choice(flag, {"console", "json", "csv"});
  using Format = GoogleFlags::Format;
  return flag.value == "json" ? Format::json : flag.value == "csv" ? Format::csv : Format::table;
}

void check_writable(const Flag& flag) {
  const bool there = std::filesystem::exists(flag.value);
  if (flag.value.empty() || !std::ofstream(flag.value, std::ios::app))
    fail(flag.name, "cannot write the file '" + flag.value + "'");
  if (!there) std::filesystem::remove(flag.value);
}

// Flags whose values the library reads.
void check_library_flag(const Flag& flag) {
  const std::string name = flag.name.substr(std::string("--benchmark_").size());
  if (name == "min_time")
    check_number(flag, 1e-6, 1e4);
  else if (name == "min_warmup_time")
    check_number(flag, 0, 1e4);
  else if (name == "repetitions")
    check_number(flag, 1, 1e6);
  else if (name == "time_unit")
    check_choice(flag, {"ns", "us", "ms", "s"});
  else if (name == "report_aggregates_only" || name == "display_aggregates_only" ||
           name == "counters_tabular")
    (void)truth_of(flag);
  else if (name == "color")
    check_choice(flag, {"auto", "true", "false"});
  else if (name == "enable_random_interleaving") {
    if (truth_of(flag))
      fail(flag.name, "rows run in order here: each is compared with the peer that ran before it");
  } else if (name == "context") {
    if (flag.value.find('=') == std::string::npos)
      fail(flag.name, "'" + flag.value + "' is not of the form KEY=VALUE");
  } else if (name != "perf_counters")
    fail(flag.name, "unknown flag; sumi-bench --help names Google Benchmark's flags");
}

// The library's regular expression dialect.
std::regex regex_of(const std::string& pattern, bool inverted) {
  try {
    return std::regex(pattern.substr(inverted ? 1 : 0), std::regex::extended);
  } catch (const std::regex_error&) {
    fail("--benchmark_filter", "'" + pattern + "' is not a regular expression");
  }
}

}  // namespace

GoogleFlags parse_google_flags(const std::vector<std::string>& words) {
  GoogleFlags flags;
  for (const std::string& word : words) {
    const Flag flag = split(word);
    if (flag.name == "--benchmark_format") {
      flags.format = format_of(flag);
    } else if (flag.name == "--benchmark_out_format") {
      flags.out_format = format_of(flag);
    } else if (flag.name == "--benchmark_list_tests") {
      flags.list = truth_of(flag);
    } else if (flag.name == "--benchmark_filter") {
      (void)NameFilter(flag.value);
      flags.filter = flag.value;
    } else if (flag.name == "--benchmark_out") {
      check_writable(flag);
      flags.out = flag.value;
      flags.passed_on.push_back(word);
    } else {
      check_library_flag(flag);
      flags.passed_on.push_back(word);
    }
  }
  return flags;
}

NameFilter::NameFilter(const std::string& pattern)
    : all_(pattern.empty() || pattern == "all"),
      inverted_(pattern.starts_with('-')),
      regex_(regex_of(all_ ? "." : pattern, inverted_)) {}

bool NameFilter::selects(const std::string& name) const {
  return std::regex_search(name, regex_) != inverted_;
}

}  // namespace sumi::bench
