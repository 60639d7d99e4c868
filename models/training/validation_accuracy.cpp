#include "models/training/validation_accuracy.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"
#include "models/training/training_data.h"

namespace sumi {

std::string held_out_accuracy(Model& model, const std::vector<Dataset>& sets, const TrainOptions& options) {
  constexpr std::int64_t kMost = 2048;
  std::string text;
  for (std::size_t set = 0; set < sets.size(); ++set) {
    DatasetSpec spec = dataset_specs(options).at(set);
    spec.flip = false;
    spec.workers = 0;
    spec.batch_size = static_cast<int>(std::min<std::int64_t>(options.batch_size, sets[set].count()));
    BatchLoader loader({sets[set]}, spec);
    Staging staging(parse_device(options.device));
    std::int64_t seen = 0, right = 0;
    for (std::int64_t k = 0; k < loader.batches_per_epoch() && seen < kMost; ++k) {
      const Batch batch = loader.next()[0];
      const auto logits = model.classify(to_tensor(batch, options, staging), set).to_vector<double>();
      const std::size_t classes = logits.size() / batch.labels.size();
      for (std::size_t i = 0; i < batch.labels.size(); ++i) {
        const auto row = logits.begin() + static_cast<std::ptrdiff_t>(i * classes);
        const auto best = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row;
        right += best == batch.labels[i];
        ++seen;
      }
    }
    text += fmt::format("{}{:.3f} of {}", text.empty() ? "" : ", ",
                        static_cast<double>(right) / static_cast<double>(seen), seen);
  }
  return text;
}

}  // namespace sumi
