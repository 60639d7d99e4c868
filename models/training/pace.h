// Duration of a run: time per step, remaining time, and options that would shorten it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/options/train_options.h"

namespace sumi {

// Measures the time per step during a run. The first steps are slow (buffers, plans, files), and
// some wait for a sample sheet or a checkpoint, so the median of recent steps is used.
class Pace {
 public:
  // Records that the device finished `step` at `seconds` of any monotonic clock. The first call
  // marks the start of the run; the steps between two calls get equal times.
  void mark(std::int64_t step, double seconds);
  // 0 before the first step, which counts only as long as there is no other.
  double steps_per_second() const;
  // Predicted time for this many steps. NaN if only the first step has been measured, unless that
  // took so long that its start-up cost is negligible.
  double seconds_of(std::int64_t steps) const;
  // Lines for the screen, returned once: when the time of the `left` steps becomes known, if it is
  // above a minute. Empty otherwise.
  std::vector<std::string> first_estimate(std::int64_t left, const TrainOptions& options);

 private:
  std::int64_t step_ = -1;
  double start_ = 0, at_ = 0, first_ = 0;
  bool told_ = false;
  std::deque<double> recent_;  // seconds per step, oldest first; without the first interval
};

// 0 for an empty list.
double median(std::deque<double> values);

// Number of steps of a whole run whose passes over the data take `per_epoch` steps.
std::int64_t total_steps(const TrainOptions& options, std::int64_t per_epoch);

// "1d 04h", "1h 02m", "3m 05s", "12s".
std::string duration_text(double seconds);
// "0.0213 s", "126 s".
std::string step_text(double seconds);

// A warning if a run of `total` steps consists of warm-up only (Model::warm_up_epochs), else "".
std::string warm_up_warning(double epochs, std::int64_t per_epoch, std::int64_t total);

// If a run takes more than a day: a line that says so and names options, with values, that shorten
// it. Else "".
std::string long_run_advice(const TrainOptions& options, double seconds);

}  // namespace sumi
