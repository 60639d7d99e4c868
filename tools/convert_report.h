// What sumi convert says: a line for each image, for people or as JSON, and the summary.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "tools/cli/item_progress.h"
#include "tools/convert_pipeline.h"

namespace sumi::cli {

struct ReportStyle {
  Progress::Style screen;
  bool json = false;          // objects on standard output, one a line, and nothing else there
  bool stdout_taken = false;  // by an image: there is no summary
  bool quiet = false;
  std::string stdin_file;  // is called "stdin"
};

// Its functions may be called by several threads.
class ConvertReport {
 public:
  ConvertReport(ReportStyle style, std::size_t jobs);

  // A line on standard error. `failed`: of an input that cannot be converted.
  void complain(const std::string& line);
  void failed(const std::string& line);
  // The expected time: on standard output, or where that is taken on standard error.
  void note(const std::string& line);
  void begin(const ConvertItem& item);
  void done(const ConvertItem& item);
  // A job whose result is there already, or, of --dry-run, that would be done.
  void skipped(const ConvertJob& job);
  void planned(const ConvertJob& job);
  void summary(bool dry_run);

  bool all_well() const { return failed_ == 0; }
  // Something failed, and all of it was refused by the gate.
  bool only_refused() const { return failed_ > 0 && refused_ == failed_; }
  std::size_t written() const { return written_; }

 private:
  std::string shown(std::string text) const;
  void print_item(const ConvertJob& job, const char* status, const ConvertItem* item) const;

  ReportStyle style_;
  std::size_t jobs_, written_ = 0, failed_ = 0, refused_ = 0, skipped_ = 0;
  CountProgress screen_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
};

}  // namespace sumi::cli
