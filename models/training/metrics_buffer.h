// What steps report, kept on the device until somebody looks: reading back after every step would make the host wait for
// each.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

class MetricsBuffer {
 public:
  // On the host there is nothing to wait for: one step at a time.
  explicit MetricsBuffer(const Device& device) : steps_(device.on_host() ? 1 : 16) {}

  // Keeps a copy of what step `step` reports, [1,1,1,k]. There must be room.
  void push(std::int64_t step, const Tensor& numbers);
  bool full() const { return pushed_.size() == steps_; }

  // Every step that was pushed, oldest first, with its numbers; then the ring is empty. Waits for the steps.
  std::vector<std::pair<std::int64_t, std::vector<double>>> drain();

 private:
  std::size_t steps_;
  Tensor numbers_;  // [steps,1,1,k]
  std::vector<std::int64_t> pushed_;
};

}  // namespace sumi
