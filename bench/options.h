// The command line of sumi-bench.
#pragma once

#include <string>
#include <vector>

#include "bench/bench_run.h"
#include "bench/google_flags.h"

namespace sumi::bench {

struct Options {
  Filter filter;
  Request request;
  std::string device = "auto";
  int threads = 1;
  std::string gpu = "h100";
  bool ladder = false, list = false, ptxas = false;
  int emu_blocks = 4;
  GoogleFlags google;                  // --benchmark_...
  std::string program = "sumi-bench";  // argv[0]
};

// The parsed command line, or why the program exits at once.
struct Parsed {
  Options options;
  bool done = false;
  int exit_code = 0;
  std::string text;  // help, or a one-line error
};
Parsed parse_options(int argc, const char* const* argv);

}  // namespace sumi::bench
