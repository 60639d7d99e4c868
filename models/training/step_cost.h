// The arithmetic and memory of a training step, from recorded steps of the same model with narrow networks.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/runtime/trace.h"
#include "models/options/options.h"

namespace sumi {

struct StepCost {
  // Multiply-adds of a whole step in each network, forward and backward, as multiples of one forward pass of a batch; a forward
  // with both gradients is 3.
  std::map<std::string, double> passes;
  // Elements of activations and of gradients in flight, the most at once, in a step with networks of full width.
  double elements = 0;
};

// Runs steps on random images with networks of 8 channels, on the CPU, at the options' image size. Error where the model
// cannot be trained with the options.
StepCost record_step_cost(const TrainOptions& options);

// Multiply-adds of a recorded op: those of convolutions and matrix products, and of their gradients; 0 for any other.
double macs_of(const OpRecord& record);

}  // namespace sumi
