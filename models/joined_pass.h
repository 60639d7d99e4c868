// Two batches through a network in one pass, so that its filters are read, and their gradient is made, once.
#pragma once

#include "engine/nn.h"
#include "models/gan_losses.h"

namespace sumi {

// What a network makes of `first` and of `second`.
struct Pair {
  Tensor first, second;
};

// Whether one pass gives what two would: the network treats each sample by itself (Module::mixes_samples), and samples
// have one size.
bool can_join(const Module& net, const Tensor& first, const Tensor& second);
// Runs the network once over both. Only where can_join().
Pair run_joined(Module& net, const Tensor& first, const Tensor& second);

// A discriminator's step: its outputs for real and fake pictures and weight * (L_D(real), L_D(fake)), whose gradients
// go to its parameters. One pass where that is possible; two where batch norm shall see each kind by itself. Entries of
// the tape below `from` are not walked.
struct Judgement {
  Pair logits, losses;
};
Judgement train_discriminator(Tape& tape, Tape::Mark from, Module& d, const Tensor& real, const Tensor& fake,
                              const GanLoss& loss, double weight);

}  // namespace sumi
