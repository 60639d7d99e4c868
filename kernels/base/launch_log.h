// Launches that are recorded instead of run, so that those of a full-size step are known in
// seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sumi::kernels {

struct LaunchRecord {
  std::string kernel;
  std::uint64_t blocks;  // of the grid
};

// While it lives, this thread's launches on CUDA devices are appended to `launches` and not run:
// results have shapes and undefined values. Not nested.
class LaunchLog {
 public:
  explicit LaunchLog(std::vector<LaunchRecord>& launches);
  ~LaunchLog();
  LaunchLog(const LaunchLog&) = delete;
  LaunchLog& operator=(const LaunchLog&) = delete;
};

}  // namespace sumi::kernels
