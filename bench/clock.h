// Time and memory measurements for the bench programs.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace sumi::bench {

// Milliseconds of processor time of one call of `run`, all threads together: the cost of a kernel
// independent of other load on the machine.
template <class Run>
double cpu_ms(Run&& run) {
  const auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
  };
  const double start = now();
  run();
  return now() - start;
}

// Milliseconds of one call of `run`.
template <class Run>
double time_ms(Run&& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// `values` is not empty.
inline double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The value below which a fraction `share` (0..1) of `times` lies; `times` must not be empty.
inline double quantile(std::vector<double> times, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size() - 1) + 0.5);
  std::nth_element(times.begin(), times.begin() + at, times.end());
  return times[static_cast<std::size_t>(at)];
}

// A line of /proc/self/status in bytes: "VmRSS" (resident now), "VmHWM" (peak resident). 0 if there
// is no such file.
inline std::int64_t status_bytes(const std::string& field) {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word)
    if (word == field + ":") {
      std::int64_t kib = 0;
      file >> kib;
      return kib * 1024;
    }
  return 0;
}

}  // namespace sumi::bench
