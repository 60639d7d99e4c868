// A checkpoint's metadata, parsed as untrusted input.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/serialize/checkpoint.h"
#include "models/options/options.h"
#include "models/training/conv_plan_file.h"

namespace sumi {

// The training options. Throws Error "[options of checkpoint PATH] ..." unless they are a JSON
// object of options of the model that the file names. Does not validate: see
// check_checkpoint_matches.
TrainOptions stored_options(const CheckpointFile& file);

// The best score of --metrics so far.
struct BestScore {
  std::string metric;  // "fd"
  std::int64_t step = 0;
  double value = 0;
  std::int64_t without_improvement = 0;  // computations since
};

// The progress of training.
struct TrainingState {
  std::int64_t step = 0;
  std::int64_t batch = 0;                     // the next one
  double seconds = 0;                         // of training so far
  std::uint64_t data_key = 0;                 // of the training data
  std::optional<std::uint64_t> data_content;  // absent in old files
  std::int64_t data_count = 0;
  int threads = 0;
  std::string kernels;  // compute_signature(); "" in old files
  std::optional<StoredPlan> plan;
  std::map<std::string, std::uint64_t> counters;
  std::optional<BestScore> best;
};

// Throws Error "[state of checkpoint PATH] ..." if an entry is missing, of another type, or out of
// range.
TrainingState stored_state(const CheckpointFile& file);

}  // namespace sumi
