// What a checkpoint says about itself, read with suspicion: the file may come from anyone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/serialize/checkpoint.h"
#include "models/options/options.h"
#include "models/training/conv_plan_file.h"

namespace sumi {

// The options that it was trained with. Errors "[options of checkpoint PATH] ..." for what is no JSON object of options
// of the model that the file names. Not validated: see check_checkpoint_matches.
TrainOptions stored_options(const CheckpointFile& file);

// Where training stood.
struct TrainingState {
  std::int64_t step = 0;
  std::int64_t batch = 0;                     // that comes next
  double seconds = 0;                         // of training so far
  std::uint64_t data_key = 0;                 // of what it was trained on
  std::optional<std::uint64_t> data_content;  // of the same; not in old files
  std::int64_t data_count = 0;
  int threads = 0;
  std::string kernels;  // what computed it; "" in old files
  std::optional<StoredPlan> plan;
  std::map<std::string, std::uint64_t> counters;
};

// Error "[state of checkpoint PATH] ..." when something is missing, of another type, or out of range.
TrainingState stored_state(const CheckpointFile& file);

}  // namespace sumi
