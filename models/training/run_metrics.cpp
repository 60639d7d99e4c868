#include "models/training/run_metrics.h"

#include "engine/runtime/device.h"
#include "models/inference/load_features.h"
#include "models/training/trainable_networks.h"

namespace sumi {
RunMetrics::RunMetrics(const TrainOptions& options, const BatchLoader& loader, const Model& model)
    : options_(options) {
  const Device device = parse_device(options.device);
  const auto count = static_cast<std::size_t>(options.metrics_images);
  const auto directions = model.directions();
  if (!directions.empty()) {
    direction_ = directions.front();
    inputs_ = loaded_images(loader, 0, options, count);
  }
  const ImageSet real = loaded_images(loader, inputs_ ? 1 : 0, options, count).images;
  // f64 exists on ref only; the scores are f32 everywhere.
  judge_.emplace(real, load_features(options.metrics_features, DType::f32, device, VggInput::torch, {}),
                 device, split_names(options.metrics), options.seed);
}

std::vector<Score> RunMetrics::compute(Model& model) const {
  if (inputs_) return judge_->scores(translated_set(model, direction_, *inputs_, false));
  return judge_->scores(generated_set(model, options_, static_cast<std::size_t>(options_.metrics_images),
                                      options_.seed, false));
}

bool RunMetrics::record(std::int64_t step, const std::vector<Score>& scores) {
  const Score& first = scores.front();
  Score before = first;
  if (best_) before.value = best_->value;
  if (best_ && !is_better(first, before)) {
    ++best_->without_improvement;
    return false;
  }
  best_ = BestScore{first.key, step, first.value, 0};
  return true;
}

void RunMetrics::restore(const std::optional<BestScore>& best) {
  best_.reset();
  if (best && best->metric == split_names(options_.metrics).front()) best_ = best;
}

StepStats stats_of(const std::vector<Score>& scores) {
  StepStats stats;
  for (const Score& score : scores) stats.emplace_back(score.key, score.value);
  return stats;
}

}  // namespace sumi
