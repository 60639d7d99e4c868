// Google Benchmark's flags (--benchmark_...): those that sumi-bench handles itself, and a check of
// all others. For most malformed flags the library itself prints its usage and ends the program
// with exit code 0.
#pragma once

#include <cstdint>
#include <regex>
#include <string>
#include <vector>

namespace sumi::bench {

struct GoogleFlags {
  enum class Format : std::uint8_t { table, json, csv };
  Format format = Format::table;     // of standard output: --benchmark_format; "console" is the table
  Format out_format = Format::json;  // of the file: --benchmark_out_format
  std::string out;                   // --benchmark_out; empty: no file
  std::string filter;                // --benchmark_filter; empty: every row
  bool list = false;                 // --benchmark_list_tests
  std::vector<std::string> library;  // flags that the library reads, as they were given

  // Returns true if the results must be those of Google's library, which has no place for the
  // emulation's counts.
  bool wants_results() const { return format != Format::table || !out.empty(); }
};

// Throws Error that names the flag: unknown, a malformed value, or a file that cannot be written.
GoogleFlags parse_google_flags(const std::vector<std::string>& words);

// The rows that --benchmark_filter selects, by their names (BenchRun::name). A pattern that begins
// with '-' selects all others, as it does for Google's library.
class NameFilter {
 public:
  // throws Error where it is no regular expression
  explicit NameFilter(const std::string& pattern);
  bool selects(const std::string& name) const;

 private:
  bool all_, inverted_;
  std::regex regex_;
};

}  // namespace sumi::bench
