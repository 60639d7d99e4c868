// Watches a training run and says in plain words what goes wrong and what to do, each thing once.
//
// Works on the statistics of the steps and on the sample sheets, so it costs nothing between them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "models/model.h"

namespace sumi {

// Mean absolute difference of two images, over the pairs of the first 16, in 8-bit levels. 0 for
// fewer than two. The images must have one size.
double diversity(const std::vector<Image8>& images);

class HealthMonitor {
 public:
  // The number of examples of the smallest domain, and whether the model has --diffaugment, which
  // is then the advice for few examples.
  HealthMonitor(std::int64_t examples, bool augments) : examples_(examples), augments_(augments) {}

  // What can be said before the first step.
  std::vector<std::string> begin();

  // Real images of one step.
  std::vector<std::string> set_real(const std::vector<Image8>& images);
  bool wants_real() const { return !real_diversity_; }

  // The run starts from a checkpoint, so that its discriminator has learned before.
  void set_resumed() { best_accuracy_ = 1; }

  // For a classifier: its accuracy if it guessed, from 0 to 1.
  void set_chance(double accuracy) { chance_ = accuracy; }

  // The statistics of one step.
  std::vector<std::string> step(std::int64_t step, const StepStats& stats);
  // A sheet of images generated from the same noise each time.
  std::vector<std::string> sheet(std::int64_t step, const std::vector<Image8>& images);

 private:
  // A mean that forgets: over about the last 200 steps.
  struct Mean {
    double value = 0, weight = 0;
    void add(double x);
    double get() const { return weight > 0 ? value / weight : 0; }
  };
  // A message of each kind only once.
  void say(std::vector<std::string>& lines, const char* kind, const std::string& text);
  void check_blindness(std::vector<std::string>& lines, std::int64_t step);
  void check_discriminator(std::vector<std::string>& lines, std::int64_t step, const StepStats& stats);
  void check_guessing(std::vector<std::string>& lines, std::int64_t step, const StepStats& stats);
  void check_growth(std::vector<std::string>& lines, std::int64_t step, const StepStats& stats);
  void check_collapse(std::vector<std::string>& lines, std::int64_t step, double now);

  std::int64_t examples_;
  bool augments_;
  std::optional<double> real_diversity_, chance_;
  std::set<std::string> said_;
  std::int64_t steps_seen_ = 0;
  Mean accuracy_, guesses_, loss_d_, loss_d_square_, gap_, lead_, lead_square_;
  double best_accuracy_ = 0;                         // of the means
  std::vector<std::pair<std::string, Mean>> sizes_;  // of the losses
  std::vector<double> first_sizes_;                  // after the first 100 steps
  std::vector<Image8> last_sheet_;
  std::int64_t last_sheet_step_ = 0, still_since_ = -1, best_step_ = 0;
  double best_diversity_ = 0;
};

}  // namespace sumi
