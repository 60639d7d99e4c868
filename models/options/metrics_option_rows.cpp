#include "models/options/metrics_options.h"

#include "models/options/option_table.h"

namespace sumi {
namespace {

bool has_metrics(const TrainOptions& o) {
  return !o.metrics.empty();
}

}  // namespace

void MetricsOptions::add_rows(OptionTable& t) {
  t.heading("Output");
  t.absent("it does not learn to make images like those of a set");
  t.add("metrics", &TrainOptions::metrics)
      .help("scores to compute while training; the first one marks the best checkpoint, which is kept")
      .placeholder("LIST")
      .list_of({"fd", "kd", "class_score", "precision", "recall", "swd", "diversity"})
      .on_resume();
  t.add("metrics-every", &TrainOptions::metrics_every)
      .help("steps between these scores")
      .range(1, kLargestCount)
      .only_with("--metrics", has_metrics)
      .on_resume();
  t.add("metrics-images", &TrainOptions::metrics_images)
      .help("generated images, and at most as many real ones, that they compare")
      .range(10, 100'000)
      .only_with("--metrics", has_metrics)
      .on_resume();
  t.add("metrics-features", &TrainOptions::metrics_features)
      .help("their feature network: builtin, a run of sumi train classifier, VGG19 or Inception v3")
      .placeholder("FILE")
      .path()
      .only_with("--metrics", has_metrics)
      .on_resume();
  t.add("early-stop", &TrainOptions::early_stop)
      .help("stop when the first score has not improved for N computations; 0: never")
      .range(0, 1e6)
      .only_with("--metrics", has_metrics)
      .on_resume();
  t.absent("");
}

}  // namespace sumi
