// StepGraph: a training step recorded once as a CUDA graph, and replayed: one launch instead of thousands.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// A step is a function of tensors that must not read from the device, and must submit the same work for inputs of the
// same shapes each time; what differs from run to run it takes from its inputs or through CapturedScalars (rates, counts,
// random positions). It gets memory of its own, which nobody else is handed: two runs show how much it takes, the third
// is captured, all later ones are replays.
class StepGraph {
 public:
  using Step = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>;

  explicit StepGraph(const Device& device);
  ~StepGraph();
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;

  // The results of step(inputs). Each key and shapes of inputs have a graph of their own (the first few: later ones are
  // run as they are). Results, and tensors that the step keeps elsewhere, hold their values until the next run(). On the
  // host, while a Trace records or --detect-anomaly looks at every result: step(inputs), no more. Error where the step does what
  // cannot be captured; whatever it does on the host has then been done for a step that never ran.
  std::vector<Tensor> run(const std::string& key, const std::vector<Tensor>& inputs, const Step& step);

  // How many graphs have been captured, and how many runs were replays.
  std::size_t captured() const;
  std::int64_t replays() const { return replays_; }

 private:
  class Captured;

  Device device_;
  std::map<std::string, std::unique_ptr<Captured>> graphs_;
  std::int64_t replays_ = 0;
};

}  // namespace sumi
