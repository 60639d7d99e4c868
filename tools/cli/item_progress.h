// Progress for N items: one updating line on a terminal, otherwise one line per item.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

#include "tools/cli/progress.h"

namespace sumi::cli {

class CountProgress {
 public:
  CountProgress(Progress::Style style, std::size_t total) : style_(style), total_(total) {}
  ~CountProgress() { clear(); }

  // Shows that `next` is in progress, on a terminal only.
  void working(const std::string& next);
  // Reports that an item succeeded or failed with the text `line`.
  void done(const std::string& line);
  // To stderr, above the live line.
  void complain(const std::string& line);
  // Prints a line that stays, above the live line.
  void note(const std::string& line, std::FILE* file);
  // Prints the last line, in every style.
  void finish(const std::string& line);

 private:
  void clear();

  Progress::Style style_;
  std::size_t total_, count_ = 0;
  bool line_open_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace sumi::cli
