// Launches that are recorded instead of run, so that those of a full-size step are known in seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sumi::kernels {

struct RecordedLaunch {
  std::string kernel;
  std::uint64_t blocks, threads;  // of the grid; of a block
};

// While it lives, this thread's launches on CUDA devices are appended to `launches` and not run:
// results have shapes and undefined values. Not nested.
class RecordLaunches {
 public:
  explicit RecordLaunches(std::vector<RecordedLaunch>& launches);
  ~RecordLaunches();
  RecordLaunches(const RecordLaunches&) = delete;
  RecordLaunches& operator=(const RecordLaunches&) = delete;
};

}  // namespace sumi::kernels
