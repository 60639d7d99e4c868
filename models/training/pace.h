// How long a run takes: the time of its steps, what is left, and what would make it shorter.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/options/train_options.h"

namespace sumi {

// The time of a step, measured while a run goes on. The first steps are slow (buffers, plans, files), and some wait for a sample
// sheet or a checkpoint: the median of the recent ones counts.
class Pace {
 public:
  // The device finished `step` at `seconds` of any one clock. The first call says where the run begins; all steps between two
  // calls get the same time.
  void mark(std::int64_t step, double seconds);
  // 0 before the first step. That one counts only as long as there is no other.
  double steps_per_second() const;
  // How long so many steps take. NaN where only the first step has been measured, unless that was so long that its start has no
  // weight.
  double seconds_of(std::int64_t steps) const;
  // Lines for the screen, once: as soon as the time of the `left` steps is known, if it is above a minute. Else none.
  std::vector<std::string> first_estimate(std::int64_t left, const TrainOptions& options);

 private:
  std::int64_t step_ = -1;
  double start_ = 0, at_ = 0, first_ = 0;
  bool told_ = false;
  std::deque<double> recent_;  // seconds of a step, the oldest first; without the first interval
};

// 0 without values.
double median(std::deque<double> values);

// Steps of a whole run, where a pass over the data has `per_epoch`.
std::int64_t total_steps(const TrainOptions& options, std::int64_t per_epoch);

// "1d 04h", "1h 02m", "3m 05s", "12s".
std::string duration_text(double seconds);
// "0.0213 s", "126 s".
std::string step_text(double seconds);

// For a run of `total` steps that is all warm-up (Model::warm_up_epochs): one line that says so, else "".
std::string warm_up_warning(double epochs, std::int64_t per_epoch, std::int64_t total);

// One line for a run of this length: that it is above a day, and which options make it shorter, with their values; "" for a
// shorter run.
std::string long_run_advice(const TrainOptions& options, double seconds);

}  // namespace sumi
