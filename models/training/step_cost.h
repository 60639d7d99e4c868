// Arithmetic and memory of a training step, measured on recorded steps of the same model with
// narrow networks.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/runtime/trace.h"
#include "models/options/options.h"

namespace sumi {

struct StepCost {
  // Multiply-adds of a whole step in each network, forward and backward, as multiples of one
  // forward pass of a batch; a forward pass with both gradients counts 3.
  std::map<std::string, double> passes;
  // Peak number of elements of activations and gradients in flight, in a step with networks of full
  // width.
  double elements = 0;
};

// The options with networks of 8 channels, a batch of at most 2, f32 on the CPU, and the given
// numbers of rounds and micro-batches.
TrainOptions narrowed(TrainOptions options, int n_critic, int accumulate);

// Runs steps on random images with networks of 8 channels, on the CPU, at the options' image size.
// Throws Error if the model cannot be trained with the options.
StepCost record_step_cost(const TrainOptions& options);

// Multiply-adds of a recorded op: those of convolutions, matrix products and their gradients; 0 for
// any other op.
double macs_of(const OpRecord& record);

}  // namespace sumi
