// The animator: further hands for a stylizer's lines. A hand is a small private decoder of the
// shared features (ComicNetwork). Its teachers are the stylizer's own, drawn by the hands of the
// filters (engine/image/stylize/lines.h). Everything that draws stills is frozen.
#pragma once

#include <vector>

#include "models/stylizer.h"

namespace sumi {

// Options that only the animator has.
struct AnimatorOptions {
  double lambda_diversity = 0.1;

  static void add_rows(OptionTable& table);
};

class Animator final : public Stylizer {
 public:
  explicit Animator(const TrainOptions& options);

  // Rows: the photographs, then for each hand but the first its teacher's drawing and its own, in
  // the first style that has a teacher.
  SampleGrid samples() override;
  // Takes the networks of a stylizer, or of an animator with its hands. A hand that the file does
  // not have begins with the features of the still's own decoder.
  bool grow_from(const CheckpointFile& file) override;

 protected:
  void train_step(Step& step) override;

 private:
  // One training batch, all values in [0,1]: the photographs that the network sees, the lines of
  // all hands [n,h,w,hands], and each sample's style.
  struct Examples {
    Tensor input, lines, mixture;
  };
  Examples examples_of(MicroBatch& batch);

  std::vector<std::int64_t> taught_;  // styles that have a teacher
  StyleChoice choice_;                // of them
};

}  // namespace sumi
