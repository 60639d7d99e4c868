// The table of memory-bound operations, filled by memory_bound_cases.cpp and training_cases.cpp.
#pragma once

#include "bench/bench_case.h"

namespace sumi::bench {

// Larger than any last-level cache.
inline constexpr const char* kLargeShape = "8x256x256x32";

// One part of an operation, applied to a shape.
struct Entry {
  std::string op, part;
  std::function<BenchCase(const Shape&)> make;
  const char* problem = kLargeShape;  // default problem
  const char* what = "";
};
using Entries = std::vector<Entry>;

void add_training(Entries& to);
void add_random(Entries& to);
void add_host(Entries& to);

}  // namespace sumi::bench
