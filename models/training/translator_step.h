// One step of a generator that draws the pictures of the first domain anew, and of the discriminator that judges what it drew: what the
// converter, pix2pix and the anime models have in common.
#pragma once

#include <functional>
#include <vector>

#include "models/training/discriminator_trainer.h"

namespace sumi {

struct TranslatorNetworks {
  Module& g;
  TrainableNetworks& trained;  // g's
  DiscriminatorTrainer& d;
};

// A batch of the step (models/training/micro_batches.h).
struct TranslatorBatch {
  std::vector<Tensor> domains;
  Tensor drawn;  // what g made of the first
};

struct TranslatorStep {
  DiscriminatorTrainer::DiscriminatorStats judged;  // of d's last update; empty where it had none
  std::vector<Tensor> losses;                       // of g, as TrainableNetworks::train returns them
  TranslatorBatch last;                             // without gradients
};

// d's updates and then g's through the updated d. `shown` says what d is shown of a batch, whose `drawn` has no gradients
// then; without it d waits. `losses` are the terms of g's loss of a batch.
TranslatorStep translator_step(
    const TrainOptions& options, const std::vector<Tensor>& domains, const TranslatorNetworks& networks,
    const std::function<std::vector<DiscriminatorTrainer::DiscriminatorInput>(const TranslatorBatch& batch)>&
        shown,
    const std::function<std::vector<Tensor>(const TranslatorBatch& batch)>& losses);

}  // namespace sumi
