// The kernels that a step launches, recorded instead of run.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace sumi {

struct RecordedLaunch {
  std::string kernel;
  std::uint64_t blocks = 0;
};

// While it lives, this thread's launches on CUDA devices are recorded and not run: tensors get
// shapes and undefined values. Not nested.
class RecordLaunches {
 public:
  RecordLaunches();
  ~RecordLaunches();
  RecordLaunches(const RecordLaunches&) = delete;
  RecordLaunches& operator=(const RecordLaunches&) = delete;

  // Returns the launches since the last call, in order, and forgets them.
  std::vector<RecordedLaunch> take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sumi
