#include "engine/runtime/record_launches.h"

#include "kernels/base/launch_log.h"

namespace sumi {

struct RecordLaunches::State {
  std::vector<kernels::LaunchRecord> launches;
  kernels::LaunchLog log{launches};
};

RecordLaunches::RecordLaunches() : state_(std::make_unique<State>()) {}
RecordLaunches::~RecordLaunches() = default;

std::vector<RecordedLaunch> RecordLaunches::take() {
  std::vector<RecordedLaunch> taken;
  for (const kernels::LaunchRecord& launch : state_->launches)
    taken.push_back({launch.kernel, launch.blocks});
  state_->launches.clear();
  return taken;
}

}  // namespace sumi
