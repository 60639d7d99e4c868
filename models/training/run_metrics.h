// The scores of --metrics: computed while a run trains, to mark its best checkpoint and to stop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "models/judges/model_images.h"
#include "models/judges/set_judge.h"
#include "models/model.h"
#include "models/training/checkpoint_metadata.h"

namespace sumi {

class RunMetrics {
 public:
  // For options with --metrics. The loader must outlive this object. Throws the errors of
  // load_features() and SetJudge.
  RunMetrics(const TrainOptions& options, const BatchLoader& loader, const Model& model);

  bool due(std::int64_t step) const { return step % options_.metrics_every == 0; }
  // Scores of the model's images: from the same noise, or of the same inputs, each time. Draws no
  // random numbers of the training.
  std::vector<Score> compute(Model& model) const;
  // Takes note of the scores of a step. Returns true if the first one is better than all before.
  bool record(std::int64_t step, const std::vector<Score>& scores);
  // The best step so far, for checkpoints, and its restoration; a best score of another metric is
  // ignored.
  const std::optional<BestScore>& best() const { return best_; }
  void restore(const std::optional<BestScore>& best);
  // --early-stop has been reached.
  bool should_stop() const {
    return options_.early_stop > 0 && best_ && best_->without_improvement >= options_.early_stop;
  }

 private:
  TrainOptions options_;
  std::optional<LoadedImages> inputs_;  // of a translation
  std::string direction_;
  std::optional<SetJudge> judge_;
  std::optional<BestScore> best_;
};

// Values by key, for stats.jsonl.
StepStats stats_of(const std::vector<Score>& scores);

}  // namespace sumi
