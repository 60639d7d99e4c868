// Step statistics, kept on the device until they are read: reading after every step would make the
// host wait for each one.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

class MetricsBuffer {
 public:
  // On the host there is no wait, so the buffer holds one step.
  explicit MetricsBuffer(const Device& device) : steps_(device.on_host() ? 1 : 16) {}

  // Copies the statistics [1,1,1,k] of step `step`. The buffer must not be full.
  void push(std::int64_t step, const Tensor& numbers);
  bool full() const { return pushed_.size() == steps_; }

  // Returns every stored step with its values, oldest first, and empties the buffer. Waits for the
  // steps.
  std::vector<std::pair<std::int64_t, std::vector<double>>> drain();

 private:
  std::size_t steps_;
  Tensor numbers_;  // [steps,1,1,k]
  std::vector<std::int64_t> pushed_;
};

}  // namespace sumi
