// One line of bench_kernels.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bench/target.h"

namespace sumi::bench {

// One line: best and median time, the rate of `work` at the best time, and what ran.
//   work   in units of `per_second` per millisecond: 1e6 operations for GFLOP/s, 1e6 bytes for GB/s
struct Rate {
  double work;
  const char* per_second;
};

template <class Run>
double measure(Target& target, const std::string& name, const char* part, const std::string& geometry,
               Rate rate, Run&& run, double stream_rate = 0) {
  KernelLog log;
  const Exec logging = target.exec(&log), quiet = target.exec();
  run(logging);
  const std::vector<double> times = target.times([&] { run(quiet); });
  const double best = quantile(times, 0), per_second = rate.work / best;
  std::string ran = log.empty() ? "" : log.front();
  if (stream_rate > 0) ran = fmt::format("{:.0f} % of stream", 100 * per_second / stream_rate);
  fmt::print("{:<20} {:<6} {:<28} best {:8.4f} median {:8.4f} ms {:8.1f} {}  {}\n", name, part, geometry,
             best, quantile(times, 0.5), per_second, rate.per_second, ran);
  std::fflush(stdout);
  return per_second;
}

}  // namespace sumi::bench
