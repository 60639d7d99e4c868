// How the pictures of one step are divided: --n-critic updates of the discriminators, each of --accumulate batches. The
// generators learn once, from the batches of the last of these updates.
#pragma once

#include <vector>

#include "engine/autograd.h"
#include "models/options/train_options.h"

namespace sumi {

class MicroBatches {
 public:
  // `step`: for each domain n_critic * accumulate * batch pictures (or labels).
  MicroBatches(const TrainOptions& o, const std::vector<Tensor>& step)
      : step_(step), updates_(o.n_critic), batches_(o.accumulate) {}

  int updates() const { return updates_; }
  std::int64_t pictures() const { return step_.at(0).shape().n / (updates_ * batches_); }  // of a batch
  // The batches of an update: [batch][domain].
  std::vector<std::vector<Tensor>> of(int update) const {
    std::vector<std::vector<Tensor>> all(static_cast<std::size_t>(batches_));
    const std::int64_t n = pictures();
    std::int64_t at = update * batches_ * n;
    for (auto& batch : all) {
      for (const Tensor& domain : step_)
        batch.push_back(updates_ * batches_ == 1 ? domain : domain.batch_slice(at, n));
      at += n;
    }
    return all;
  }
  // What generators draw for the discriminators' update. Of the last update's only batch it stays on the tape: the
  // generators learn from the same pictures, which need not be drawn again.
  template <class Draw>
  Tensor draw(int update, Draw&& draw) const {
    if (stays(update)) return draw();
    const NoGrad no_grad;
    return draw();
  }
  bool stays(int update) const { return update == updates_ - 1 && batches_ == 1; }

 private:
  const std::vector<Tensor>& step_;
  int updates_, batches_;
};

}  // namespace sumi
