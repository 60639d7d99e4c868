// The tensors of a file, sorted into networks, averages and moments.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/serialize/safetensors.h"

namespace sumi::cli {

// Tensors that belong together: "g", "d", "ema.g", "optim.g.m". A file that sumi did not write has
// one group, "".
struct TensorGroup {
  std::string name;
  std::vector<std::pair<std::string, const StoredTensor*>> tensors;
  std::int64_t parameters = 0, buffers = 0;  // values
  std::uint64_t bytes = 0;
};

// Prints a group: a table of its tensors, or one line for averages and moments.
void print_group(const TensorGroup& group);

// Returns true for names of running statistics and counters.
bool is_statistic(const std::string& name);

std::int64_t count_of(const StoredTensor& tensor);

// Networks first. The file must outlive the result. `ours`: written by sumi.
std::vector<TensorGroup> group_tensors(const SafetensorsFile& file, bool ours);

}  // namespace sumi::cli
