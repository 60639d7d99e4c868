// A run directory: options.json, stats.jsonl, log.txt, loss.png, samples/ and checkpoints/. One
// writer at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/serialize/file.h"
#include "models/model.h"
#include "models/training/checkpoint_metadata.h"

namespace sumi {

// One line of stats.jsonl.
struct StatsLine {
  std::int64_t step = 0, images = 0;
  double seconds = 0, images_per_second = 0;
  StepStats stats;
  StepStats scores = {};  // of --metrics; not in loss.png
};

class RunDir {
 public:
  // For a new run: creates the folder. Throws Error if it holds a run already or cannot be written.
  static RunDir create(const std::filesystem::path& path);
  // For resume. Throws Error if there is no run.
  static RunDir open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path sample_path(std::int64_t step) const;
  std::filesystem::path checkpoint_path(std::int64_t step) const;
  std::filesystem::path epoch_path(std::int64_t epoch) const;

  // Also writes the current folder, to which relative paths refer.
  void write_options(const TrainOptions& options) const;
  void log(const std::string& line) const;
  void append(const StatsLine& line);
  // Redraws loss.png from the lines so far: all of them, or every second, fourth, ... if there are
  // more than a plot has columns, so that memory and time do not grow with the length of the run.
  void plot(const std::string& title) const;

  // Discards everything after `step`, which lies in `epoch`: lines of stats.jsonl and samples.
  // Later checkpoints are moved to replaced/. Reads the history before it.
  void cut_back(std::int64_t step, std::int64_t epoch);
  // Deletes full checkpoints except step 0, the newest `keep`, and `best` if it is not negative.
  void prune(int keep, std::int64_t best) const;
  // Writes best.json, the mark of the best checkpoint; removes it without one.
  void mark_best(const std::optional<BestScore>& best) const;
  // After a failure before the first checkpoint: removes what create() made, so that the command
  // can be repeated.
  void discard_if_new() const;

 private:
  RunDir(const std::filesystem::path& path, bool made);
  std::filesystem::path path_;
  bool made_;
  void remember(StatsLine line);

  FileLock lock_;
  std::vector<StatsLine> history_;  // every stride_-th line
  std::int64_t lines_ = 0, stride_ = 1;
};

}  // namespace sumi
