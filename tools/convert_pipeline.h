// Loading, computing and saving of many images at the same time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/photo.h"
#include "models/inference/discriminator_verdict.h"
#include "tools/convert_jobs.h"

namespace sumi::cli {

// An image on its way.
struct ConvertItem {
  ConvertJob job;
  Photo photo, mask, result;          // mask: without pixels if there is none
  std::vector<std::string> warnings;  // one line each
  std::string error;                  // "": none so far; the stages that follow are left out
  std::optional<Verdict> verdict;     // --judge
  std::string passed;                 // why the gate passed it on unchanged; "": it did not
  bool refused = false;               // by the gate: `error` says why
  double load_seconds = 0, compute_seconds = 0, save_seconds = 0;

  double seconds() const { return load_seconds + compute_seconds + save_seconds; }
};

struct ConvertThreads {
  int load = 1, compute = 1, save = 1;
};

struct ConvertStages {
  // Each on threads of its own, `compute` also on the caller's. They throw nothing: what fails is
  // the item's error.
  std::function<void(ConvertItem&)> load, compute, save;
  // By one thread at a time: before an item is computed, and when it is done or has failed.
  std::function<void(const ConvertItem&)> begin, done;
  std::function<bool()> stop;  // asked before an image is loaded or computed; one that is computed is saved
};

// Takes the jobs in order; with one thread for each stage they end in order. Images that wait take
// at most about `max_pixels` in all, beyond the one that is computed: a larger one is loaded when
// no other is on its way.
void run_pipeline(const std::vector<ConvertJob>& jobs, const ConvertThreads& threads,
                  const ConvertStages& stages, double max_pixels);

}  // namespace sumi::cli
