// Google Benchmark's flags (--benchmark_...): those that sumi-bench handles itself, and validation
// of all others. For most malformed flags the library itself prints its usage and exits with code
// 0.
#pragma once

#include <cstdint>
#include <regex>
#include <string>
#include <vector>

namespace sumi::bench {

struct GoogleFlags {
  enum class Format : std::uint8_t { table, json, csv };
  Format format = Format::table;       // stdout: --benchmark_format; "console" is the table
  Format out_format = Format::json;    // of the file: --benchmark_out_format
  std::string out;                     // --benchmark_out; empty: no file
  std::string filter;                  // --benchmark_filter; empty: every row
  bool list = false;                   // --benchmark_list_tests
  std::vector<std::string> passed_on;  // flags for the library, unchanged

  // Returns true if results are requested in the formats of Google's library, which cannot
  // represent the emulation's counts.
  bool wants_results() const { return format != Format::table || !out.empty(); }
};

// Throws Error that names the flag: unknown, a malformed value, or a file that cannot be written.
GoogleFlags parse_google_flags(const std::vector<std::string>& words);

// Selects runs by --benchmark_filter, applied to BenchRun::name. A pattern that begins with '-'
// selects all others, as in Google's library.
class NameFilter {
 public:
  // throws Error for an invalid regular expression
  explicit NameFilter(const std::string& pattern);
  bool selects(const std::string& name) const;

 private:
  bool all_, inverted_;
  std::regex regex_;
};

}  // namespace sumi::bench
