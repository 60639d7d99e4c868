// StepGraph: a training step captured once as a CUDA graph and replayed: one launch instead of
// thousands.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// A step is a function of tensors that must not read from the device and must submit the same work
// for inputs of the same shapes each time; anything that varies comes from its inputs or through
// CapturedScalars (rates, counts, random positions). It gets private memory: two runs determine how
// much, the third is captured, and all later ones are replays.
class StepGraph {
 public:
  using Step = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>;

  explicit StepGraph(const Device& device);
  ~StepGraph();
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;

  // Returns the results of step(inputs). Each key and set of input shapes has a graph of its own
  // (up to a limit; beyond it steps run eagerly). Results, and tensors that the step keeps
  // elsewhere, hold their values until the next run(). On the host, while a Trace records, and with
  // --detect-anomaly the step runs eagerly. Throws Error if the step does something that cannot be
  // captured; its effects on the host then belong to a step that never ran.
  std::vector<Tensor> run(const std::string& key, const std::vector<Tensor>& inputs, const Step& step);

  // The number of captured graphs, and the number of replays.
  std::size_t captured() const;
  std::int64_t replays() const { return replays_; }

 private:
  class Captured;

  Device device_;
  std::map<std::string, std::unique_ptr<Captured>> graphs_;
  std::int64_t replays_ = 0;
};

}  // namespace sumi
