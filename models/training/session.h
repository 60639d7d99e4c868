// One session of a training run: from its first or a later step to its end or a signal.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/runtime/staging.h"
#include "engine/serialize/checkpoint.h"
#include "models/model.h"
#include "models/report/event_file.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/health.h"
#include "models/training/metrics_buffer.h"
#include "models/training/pace.h"
#include "models/training/run_dir.h"
#include "models/training/run_metrics.h"
#include "models/training/training_data.h"
#include "models/training/training_events.h"

namespace sumi {

// The loss or a weight is not finite.
struct Diverged : Error {
  Diverged(std::string what_happened, const std::string& cure)
      : Error("[training] " + what_happened + ": the run has diverged. " + cure),
        happened(std::move(what_happened)) {}
  std::string happened;  // "loss_g is nan after step 40"
};

// One run from its first or a later step to its end.
class Session {
 public:
  Session(const TrainOptions& options, std::optional<StoredPlan> plan, RunDir& run,
          TrainingObserver& observer);

  // Starts a new run: initial weights, options, first sheet and checkpoint.
  void begin();
  // Continues after a full checkpoint of the run.
  void restore(const CheckpointFile& file);
  // Trains to the end or until stop_requested, and saves.
  TrainResult loop();

 private:
  void make_dump_folder() const;
  bool generates_from_noise() const;
  std::vector<Dataset> open_data();
  std::vector<Tensor> real_batches();
  void say(const std::string& line) {
    run_.log(line);
    observer_.message(line);
  }
  void warn(const std::string& line) {
    run_.log("warning: " + line);
    observer_.warning(line);
  }
  double elapsed() const;  // of all sessions, in seconds
  CheckpointHeader header(const char* kind) const;
  void save();
  void draw();
  void refresh_report(bool last);
  void warn_all(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) warn(line);
  }
  void log_step();
  [[noreturn]] void diverged(const std::string& what, std::int64_t step) const;
  void check_weights() const;
  void settle();
  // Computes the scores of --metrics for this step. Returns true for a new best.
  bool judge();
  std::string best_text() const;
  void after_step();

  TrainOptions options_;
  std::optional<StoredPlan> plan_;
  RunDir& run_;
  TrainingObserver& observer_;
  std::unique_ptr<Model> model_;
  std::vector<Dataset> held_out_;  // split off before the loader, which gets the rest
  BatchLoader loader_;
  std::uint64_t data_content_ = data_content(loader_);
  Staging staging_;
  std::int64_t per_epoch_ = 0, total_ = 0, step_ = 0;
  Pace pace_;
  double seconds_ = 0;  // of earlier sessions of this run
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t logged_step_ = 0;
  double logged_seconds_ = 0;
  std::int64_t saved_step_ = -1;
  double report_due_ = 0;  // in seconds of the run; infinity after a failure
  MetricsBuffer ring_;
  StepStats stats_;  // of the last step that was read back
  HealthMonitor health_;
  std::optional<RunMetrics> metrics_;
  std::vector<Score> scores_;  // of this step, until they are logged
  std::optional<EventFile> events_;
};

}  // namespace sumi
