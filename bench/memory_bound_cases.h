// The operations that only move memory, as a table: memory_works.cpp and training_cases.cpp fill it.
#pragma once

#include "bench/bench_case.h"

namespace sumi::bench {

// Beyond the last cache of any processor so far.
inline constexpr const char* kLargeShape = "8x256x256x32";

// What a part of an operation is on a shape.
struct Entry {
  std::string op, part;
  std::function<Work(const Shape&)> make;
  const char* problem = kLargeShape;  // unless others are given
  const char* what = "";
};
using Entries = std::vector<Entry>;

void add_training(Entries& to);
void add_random(Entries& to);
void add_host(Entries& to);

}  // namespace sumi::bench
